"""What officers can do with a rating, and the table that says in which capacity and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from policies.proceedings import Row
from policies.ratings.events import Status
from policies.roles import Role


@dataclass(frozen=True, slots=True)
class ConfirmRating:
    """Find a bad rating justified."""

    reason: str


@dataclass(frozen=True, slots=True)
class AppealRating:
    """Hold it malicious or mistaken; data governance decides."""

    reason: str


@dataclass(frozen=True, slots=True)
class ExcludeRating:
    """Decide that it does not count."""

    reason: str


@dataclass(frozen=True, slots=True)
class UpholdRating:
    """Decide that it counts and is to be put right."""

    reason: str


@dataclass(frozen=True, slots=True)
class RectifyRating:
    """Say what was put right."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallBack:
    """Say what whoever rated answered when called back."""

    satisfied: bool
    reason: str


@dataclass(frozen=True, slots=True)
class EscalateRating:
    """Tell somebody above that ``percent`` of the time was used up at the instant ``due``."""

    percent: int
    due: datetime


Command = ConfirmRating | AppealRating | ExcludeRating | UpholdRating | RectifyRating | CallBack | EscalateRating
CommandKind = type[Command]

_ESCALATE: frozenset[CommandKind] = frozenset({EscalateRating})

TABLE: Mapping[Status, Row[CommandKind]] = MappingProxyType(
    {
        Status.GIVEN: {},
        Status.TO_VERIFY: {
            Role.CONSUMER_OFFICER: frozenset({ConfirmRating, AppealRating}),
            Role.EXCHANGE: _ESCALATE,
        },
        Status.APPEALED: {
            Role.GOVERNANCE_OFFICER: frozenset({ExcludeRating, UpholdRating}),
            Role.EXCHANGE: _ESCALATE,
        },
        Status.TO_RECTIFY: {Role.CONSUMER_OFFICER: frozenset({RectifyRating}), Role.EXCHANGE: _ESCALATE},
        Status.RECTIFIED: {Role.CONSUMER_OFFICER: frozenset({CallBack}), Role.EXCHANGE: _ESCALATE},
        Status.CLOSED: {},
        Status.EXCLUDED: {},
    }
)
"""State × role → commands: the one list that the API, the pages and ``decide`` read. What is not here is refused."""

TURNS: Mapping[Status, Role] = MappingProxyType(
    {
        Status.TO_VERIFY: Role.CONSUMER_OFFICER,
        Status.APPEALED: Role.GOVERNANCE_OFFICER,
        Status.TO_RECTIFY: Role.CONSUMER_OFFICER,
        Status.RECTIFIED: Role.CONSUMER_OFFICER,
    }
)
"""Whose turn it is; in other states nobody must act."""

NAMES: Mapping[CommandKind, str] = MappingProxyType(
    {
        ConfirmRating: "confirm",
        AppealRating: "appeal",
        ExcludeRating: "exclude",
        UpholdRating: "uphold",
        RectifyRating: "rectify",
        CallBack: "call-back",
    }
)
"""Commands as the interface calls them, in the order in which they are offered."""
