"""What can go wrong when something is to be recorded."""

from __future__ import annotations

from kernel.database import DatabaseUnavailable


class LedgerError(Exception):
    """Base: the ledger did not do what was asked, and wrote nothing of it."""


class LedgerUnavailable(LedgerError):
    """Nothing can be recorded now, so nothing may be released (503); asking again finds the entry if it was written.

    The text names the kind of trouble and never a value.
    """

    @classmethod
    def because(cls, error: BaseException) -> LedgerUnavailable:
        """Named by the kind of error alone: messages of drivers can repeat what was to be written."""
        known = isinstance(error, (DatabaseUnavailable, LedgerUnavailable))  # their texts never carry values
        return cls(str(error) if known else f"the log cannot be read or written: {type(error).__name__}")


class FenceMoved(LedgerError):
    """What the caller decided by has changed since; decide again."""

    def __init__(self, expected: int, current: int | None) -> None:
        """``expected`` is what the decision was made under, ``current`` what holds now."""
        super().__init__(f"decided under {expected}, but {current} holds now")
        self.expected, self.current = expected, current


class LedgerOwned(LedgerError):
    """Another serving process owns this embedded log."""


class NoSuchEntry(LookupError):
    """The log has no entry, or no tree size, of this number."""
