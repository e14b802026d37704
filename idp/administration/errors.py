"""Why an operator's command cannot be carried out."""

from __future__ import annotations

from kernel.ledger.personal_data import holds_citizen_number
from kernel.text import Text


class AdministrationError(Exception):
    """One sentence in each language: what is wrong, where, and how to mend it. Without personal data or secrets.

    A sentence that would repeat what looks like a citizen number says that instead: it ends on screens and in logs.
    """

    def __init__(self, zh: str, en: str) -> None:
        if holds_citizen_number(f"{zh}\n{en}".encode(errors="replace")):
            zh, en = "填写的内容含有疑似公民身份号码", "what was entered holds what looks like a citizen number"
        super().__init__(en)
        self.text = Text(zh, en)


class NoSuchThing(AdministrationError):
    """What is named is not there, or out of reach: whoever asks cannot tell which."""


class Outdated(AdministrationError):
    """What was seen is so no longer; nothing was changed."""
