"""Values that are used and never shown."""

from __future__ import annotations

import hmac
import re
from pathlib import Path

from kernel.settings.model import SettingsError
from kernel.text import Text

_HIDDEN = "***"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Secret:
    """A secret text: only ``reveal()`` gives it, and no printing, formatting or serialising does."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Keep ``value``."""
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for the one place that uses it."""
        return self._value

    def __repr__(self) -> str:
        """Says that there is one."""
        return _HIDDEN

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        """Says that there is one, whatever the format asks for."""
        return _HIDDEN

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        """All alike, so that a hash tells nothing."""
        return hash(Secret)

    def __reduce__(self) -> str:
        """Refuse to be pickled or copied to where it would be kept."""
        raise TypeError("a secret is not serialised")


class SourceSecrets:
    """The connectors' secrets: a folder with one file for each, as container platforms mount them. Call with a name."""

    def __init__(self, folder: Path | None) -> None:
        """Remember the folder; each file is read when it is asked for, so that a changed secret needs no restart."""
        self._folder = folder

    def __call__(self, name: str) -> str:
        """The secret called ``name``; raises SettingsError, which names it, when there is none that can be read."""
        return self.find(name).reveal()

    def find(self, name: str) -> Secret:
        """The same, still wrapped."""
        if self._folder is None or not _NAME.fullmatch(name):  # a name is no path: nothing outside the folder is read
            raise _missing(name)
        try:
            return Secret((self._folder / name).read_text("utf-8").strip())
        except (OSError, UnicodeError):
            raise _missing(name) from None


def _missing(name: str) -> SettingsError:
    return SettingsError(
        "source_secrets", Text(f"没有名为 {name!r} 的密码文件", f"there is no readable secret called {name!r}")
    )
