"""How far back a page looks: a few numbers of days, each a link, and one of them the page's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kernel.text import Text


@dataclass(frozen=True, slots=True)
class LookingBack:
    """The ``choices`` of a page, in days, and the ``usual`` one of them."""

    choices: tuple[int, ...]
    usual: int

    def days(self, text: str | None) -> int:
        """What the parameter ``days`` asks for; the usual where it is none of the choices."""
        return next((each for each in self.choices if str(each) == text), self.usual)

    def tabs(self, address: Callable[[int], str], days: int) -> list[tuple[str, Text, bool]]:
        """A tab for each choice, ``address`` being where it leads; the one of ``days`` is here."""
        return [(address(each), Text(f"最近 {each} 天", f"Last {each} days"), each == days) for each in self.choices]
