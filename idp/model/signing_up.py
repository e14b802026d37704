"""An account somebody is making for themselves: nobody's until a message has arrived at the address they gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from idp.model.contact import Contact

NOBODY = "~"
"""Begins the name of an account without one; nobody may choose such a name."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the form takes."""

    username: str
    name: str = field(repr=False)
    password: str = field(repr=False)
    contact: Contact


@dataclass(frozen=True, slots=True)
class SigningUp:
    """One application. ``person`` is a refused account of no name until it is finished."""

    hash: bytes = field(repr=False)
    person: str
    channel: str
    username: str
    expires_at: datetime
    confirmed_at: datetime | None = None
