"""Why nothing was backed up, or restored."""

from __future__ import annotations

from kernel.text import Text


class NotKept(Exception):
    """It could not be done, and nothing was left half-done; ``text`` says why and how to mend it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.text = Text(zh, en)
