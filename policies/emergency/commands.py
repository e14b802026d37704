"""What can be asked to be done with an opening, and the table that says in which capacity and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from policies.emergency.opening import Asked, Finding, Status
from policies.proceedings import Row
from policies.roles import Role


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the exchange knows when somebody asks or opens: is the template in force, and what stands against it.

    ``overdue`` are openings of the same department whose review is overdue; ``unreviewed`` those of the same template
    for the same case that nobody has reviewed yet: else one opening after another would be one of days.
    """

    in_force: bool
    overdue: tuple[str, ...] = ()
    unreviewed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskEmergency:
    """Ask that a template be opened for a case."""

    id: str
    asked: Asked
    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class OpenEmergency:
    """Open it, as the second person."""

    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class DeclineEmergency:
    """Say that it is not opened: the second person, or whoever asked."""

    reason: str


@dataclass(frozen=True, slots=True)
class CloseEmergency:
    """End it at once, before its time; one officer of any side is enough."""

    reason: str


@dataclass(frozen=True, slots=True)
class ExpireEmergency:
    """Record that its time ran out: unopened or open."""


@dataclass(frozen=True, slots=True)
class TellOverdue:
    """Record that its review is overdue since the instant ``due``."""

    due: datetime


@dataclass(frozen=True, slots=True)
class ReviewEmergency:
    """Say what a review found, in words."""

    finding: Finding
    words: str


Command = (
    AskEmergency | OpenEmergency | DeclineEmergency | CloseEmergency | ExpireEmergency | TellOverdue | ReviewEmergency
)
CommandKind = type[Command]

_ASK: frozenset[CommandKind] = frozenset({AskEmergency})
_DECLINE: frozenset[CommandKind] = frozenset({DeclineEmergency})
_CLOSE: frozenset[CommandKind] = frozenset({CloseEmergency})
_REVIEW: frozenset[CommandKind] = frozenset({ReviewEmergency})
_EXPIRE: frozenset[CommandKind] = frozenset({ExpireEmergency})

TABLE: Mapping[Status | None, Row[CommandKind]] = MappingProxyType(
    {
        None: {Role.CONSUMER_OFFICER: _ASK, Role.SPONSOR: _ASK},
        Status.ASKED: {
            Role.CONSUMER_OFFICER: _DECLINE,
            Role.SPONSOR: _DECLINE | {OpenEmergency},
            Role.EXCHANGE: _EXPIRE,
        },
        Status.OPEN: {
            Role.CONSUMER_OFFICER: _CLOSE,
            Role.SPONSOR: _CLOSE,
            Role.PROVIDER_OFFICER: _CLOSE,
            Role.GOVERNANCE_OFFICER: _CLOSE,
            Role.GOVERNANCE_APPROVER: _CLOSE,
            Role.DATA_PROTECTION_OFFICER: _CLOSE,
            Role.EXCHANGE: _EXPIRE,
        },
        Status.ENDED: {
            Role.GOVERNANCE_OFFICER: _REVIEW,
            Role.DATA_PROTECTION_OFFICER: _REVIEW,
            Role.EXCHANGE: frozenset({TellOverdue}),
        },
        Status.REVIEWED: {},
        Status.DECLINED: {},
        Status.LAPSED: {},
    }
)
"""State × role → commands: the one list that the API, the pages and ``decide`` read. What is not here is refused."""

NAMES: Mapping[CommandKind, str] = MappingProxyType(
    {
        OpenEmergency: "open",
        DeclineEmergency: "decline",
        CloseEmergency: "close",
        ReviewEmergency: "review",
    }
)
"""Commands on an opening as the interface calls them, in the order in which they are offered."""
