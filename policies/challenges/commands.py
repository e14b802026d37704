"""What officers can do with a challenge, and the table that says in which capacity and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from policies.challenges.events import Status
from policies.proceedings import Row
from policies.roles import Role


@dataclass(frozen=True, slots=True)
class ExplainUse:
    """Find that the use was in order, and say why."""

    reason: str


@dataclass(frozen=True, slots=True)
class UpholdChallenge:
    """Find that it was not, and say what was done."""

    reason: str


@dataclass(frozen=True, slots=True)
class EscalateChallenge:
    """Tell somebody above that ``percent`` of the time was used up at the instant ``due``."""

    percent: int
    due: datetime


Command = ExplainUse | UpholdChallenge | EscalateChallenge
CommandKind = type[Command]

TABLE: Mapping[Status, Row[CommandKind]] = MappingProxyType(
    {
        Status.OPEN: {
            Role.DATA_PROTECTION_OFFICER: frozenset({ExplainUse, UpholdChallenge}),
            Role.EXCHANGE: frozenset({EscalateChallenge}),
        },
        Status.EXPLAINED: {},
        Status.UPHELD: {},
    }
)
"""State × role → commands: the one list that the API, the pages and ``decide`` read. What is not here is refused."""

NAMES: Mapping[CommandKind, str] = MappingProxyType({ExplainUse: "explain", UpholdChallenge: "uphold"})
"""Commands as the interface calls them, in the order in which they are offered."""
