"""How an account came to its level of assurance: every proof of identity, who looked at it, and what it gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

SELF_DECLARED = 1
BY_A_REGISTER = 2
AFTER_RECOVERY = 2
AT_A_WINDOW = (3, 4)


class Method(StrEnum):
    """Ways to prove who somebody is (ADR 0024)."""

    SELF_DECLARED = "self-declared"
    OPERATOR = "operator"
    """Whoever made the account vouches for it: an import, an invitation into an office."""
    REGISTER = "register"
    """Name and citizen number match a register: level 2."""
    UPSTREAM = "upstream"
    """Another identity provider vouches for them: the level its `acr` is worth here."""
    WINDOW = "window"
    """Two clerks looked at the person and the document: level 3 or 4."""
    RECOVERY = "recovery"
    """What is left of an account's level after its password was set anew by a message."""


@dataclass(frozen=True, slots=True)
class Proofing:
    """One proof. ``evidence``: SHA-256 of the verifier's own reference, which leads back to it and says nothing."""

    id: str
    person: str
    level: int
    method: Method
    at: datetime
    verifier: str = ""
    evidence: bytes | None = field(default=None, repr=False)
    recorded_by: str | None = None
    confirmed_by: str | None = None


class Document(StrEnum):
    """What a clerk checks; the values stand in the ledger."""

    RESIDENT_CARD = "resident-card"
    TEMPORARY_CARD = "temporary-card"


@dataclass(frozen=True, slots=True)
class WindowCheck:
    """What one clerk read, until another has confirmed it. ``sealed``: name and number, under the person's own key."""

    id: str
    person: str
    sealed: bytes = field(repr=False)
    evidence: bytes = field(repr=False)
