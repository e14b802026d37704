"""Values that are used and never shown."""

from __future__ import annotations

import hmac
import tomllib
from pathlib import Path

from kernel.settings.model import SettingsError
from kernel.text import Text

_HIDDEN = "***"


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
        """Says that there is one."""
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
    """The connectors' secrets by name, from one TOML file (``name = "value"``); call it with a name."""

    def __init__(self, path: Path | None) -> None:
        """Read the file; raises SettingsError when it cannot be read or holds anything but texts."""
        self._path = path
        self._values = _read(path) if path else {}

    def __call__(self, name: str) -> str:
        """The secret called ``name``; raises SettingsError naming it when there is none."""
        secret = self._values.get(name)
        if secret is None:
            raise SettingsError(
                str(self._path or "source_secrets"), Text(f"没有名为 {name} 的密码", f"no secret {name}")
            )
        return secret.reveal()


def _read(path: Path) -> dict[str, Secret]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        # Neither error is repeated: a parser's message can quote the line, and the line is a secret.
        raise SettingsError(str(path), Text("密码文件无法读取", "the file of secrets cannot be read")) from None
    if not all(isinstance(value, str) for value in values.values()):
        raise SettingsError(str(path), Text("密码须为文本", "a secret is a text"))
    return {name: Secret(value) for name, value in values.items()}
