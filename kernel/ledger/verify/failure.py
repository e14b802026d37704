"""Why something does not verify, in words for people."""

from __future__ import annotations

from typing import Literal

from kernel.text import Text

Check = Literal["log", "evidence", "signature"]
"""What was being checked: that the entry is in the log, that the evidence is the recorded one, its own signature."""


class VerificationFailed(Exception):
    """It does not verify; ``reason`` says why, ``check`` which of the three checks said no."""

    def __init__(self, zh: str, en: str, check: Check = "log") -> None:
        """``zh`` and ``en``: the reason in both languages."""
        super().__init__(f"{zh} / {en}")
        self.reason = Text(zh, en)
        self.check: Check = check
