"""What has happened to a challenge, and the state it adds up to; whether something may happen is not decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from kernel.text import Text
from policies.clocks.profile import Stage
from policies.clocks.run import Run
from policies.proceedings import Event, State
from policies.roles import Role


class Status(StrEnum):
    """Where a challenge stands."""

    OPEN = "open"
    EXPLAINED = "explained"
    """The use was in order."""
    UPHELD = "upheld"
    """It was not."""


STATUSES: Mapping[Status, Text] = MappingProxyType(
    {
        Status.OPEN: Text("待答复", "Waiting for an answer"),
        Status.EXPLAINED: Text("已说明，使用正当", "Explained: the use was in order"),
        Status.UPHELD: Text("异议成立", "Upheld: the use was not in order"),
    }
)
"""States in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The use that is challenged: ``entry`` of the log, made by ``organisation``, which answers for it.

    ``request`` is what the entry belongs to (a request for evidence, a task, a look-up), ``officer`` the blind index of
    who looked, empty where a system did; ``days`` the working days for an answer. Nothing of whom it was about.
    """

    entry: int
    event: str
    at: datetime
    organisation: str
    request: str
    case: str
    system: str
    officer: str
    evidence_type: str
    service_item: str
    legal_basis: str
    asked: tuple[str, ...]
    relation: str
    days: int


@dataclass(frozen=True, slots=True)
class ChallengeEvent(Event):
    """Something that happened to a challenge, and in which capacity it was done."""

    role: Role | None


@dataclass(frozen=True, slots=True)
class UseChallenged(ChallengeEvent):
    """Whom an entry is about said that the use was not theirs."""

    challenge: str
    use: Use


@dataclass(frozen=True, slots=True)
class ChallengeExplained(ChallengeEvent):
    """The department found the use in order, and says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChallengeUpheld(ChallengeEvent):
    """The department found that it was not, and says what it did."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChallengeEscalated(ChallengeEvent):
    """So much of the time was used up at the instant ``due``: somebody above is told."""

    percent: int
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeState(State):
    """A challenge and what became of it; ``told`` are the warnings given."""

    id: str
    use: Use
    status: Status
    opened_at: datetime
    note: str = ""
    told: frozenset[int] = frozenset()

    @property
    def clock(self) -> Run | None:
        """The department's clock, while it runs."""
        if self.status is not Status.OPEN:
            return None
        return Run(stage=Stage.CHALLENGE, days=self.use.days, began=self.opened_at)


def evolve(state: ChallengeState | None, event: ChallengeEvent) -> ChallengeState:
    """The state after an event; raises ValueError for an event that cannot follow on the state."""
    if isinstance(event, UseChallenged):
        if state is not None:
            raise ValueError("a use is challenged once")
        return ChallengeState(
            id=event.challenge, use=event.use, status=Status.OPEN, opened_at=event.at, changed_at=event.at
        )
    if state is None:
        raise ValueError("a challenge begins with somebody who challenges")
    return state.after(event, **_CHANGES[type(event)](state, event))


_CHANGES: Mapping[type[ChallengeEvent], Callable[[ChallengeState, Any], dict[str, Any]]] = {
    ChallengeExplained: lambda _state, event: {"status": Status.EXPLAINED, "note": event.reason},
    ChallengeUpheld: lambda _state, event: {"status": Status.UPHELD, "note": event.reason},
    ChallengeEscalated: lambda state, event: {"told": state.told | {event.percent}},
}
