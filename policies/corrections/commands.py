"""What officers can do with a correction, and the table that says in which capacity and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from policies.corrections.events import Status
from policies.proceedings import Row
from policies.roles import Role


@dataclass(frozen=True, slots=True)
class TakeCorrection:
    """Take it up: from then on this officer sees whom it is about. Another may take it over."""


@dataclass(frozen=True, slots=True)
class AcceptCorrection:
    """Agree that the record is wrong, in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class RejectCorrection:
    """Find that the record is right, by the rule that is cited."""

    reason: str
    citation: str


@dataclass(frozen=True, slots=True)
class CorrectRecord:
    """Say that the record has been corrected, and how."""

    reason: str


@dataclass(frozen=True, slots=True)
class EscalateCorrection:
    """Tell somebody above that ``percent`` of the time was used up at the instant ``due``."""

    percent: int
    due: datetime


Command = TakeCorrection | AcceptCorrection | RejectCorrection | CorrectRecord | EscalateCorrection
CommandKind = type[Command]

_ESCALATE: frozenset[CommandKind] = frozenset({EscalateCorrection})

TABLE: Mapping[Status, Row[CommandKind]] = MappingProxyType(
    {
        Status.OPEN: {Role.PROVIDER_OFFICER: frozenset({TakeCorrection}), Role.EXCHANGE: _ESCALATE},
        Status.TAKEN: {
            Role.PROVIDER_OFFICER: frozenset({TakeCorrection, AcceptCorrection, RejectCorrection}),
            Role.EXCHANGE: _ESCALATE,
        },
        Status.ACCEPTED: {
            Role.PROVIDER_OFFICER: frozenset({TakeCorrection, CorrectRecord}),
            Role.EXCHANGE: _ESCALATE,
        },
        Status.CORRECTED: {},
        Status.REJECTED: {},
        Status.WITHDRAWN: {},
    }
)
"""State × role → commands: the one list that the API, the pages and ``decide`` read. What is not here is refused."""

NAMES: Mapping[CommandKind, str] = MappingProxyType(
    {
        TakeCorrection: "take",
        AcceptCorrection: "accept",
        RejectCorrection: "reject",
        CorrectRecord: "correct",
    }
)
"""Commands as the interface calls them, in the order in which they are offered."""
