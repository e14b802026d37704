"""Why an operator's command cannot be carried out."""

from __future__ import annotations

from kernel.text import Text


class AdministrationError(Exception):
    """One sentence in each language: what is wrong, where, and how to mend it. Without personal data or secrets."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


class NoSuchThing(AdministrationError):
    """What is named is not there, or out of reach: whoever asks cannot tell which."""
