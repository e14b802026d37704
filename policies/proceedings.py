"""What all proceedings of officers have in common: who may do what and when, refusals in words, events that add up.

A proceeding is about one matter (a grant, a request, a catalogue entry) that officers move on by commands. Its own room
holds the table state × role → commands, what must hold beyond the table, and what each command leads to; what is said
here holds for every one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self, TypeVar

from kernel.text import Text
from policies.roles import Officer, Role

LONGEST_REASON = 1000
"""Characters."""


class NotAllowed(Exception):
    """The command is refused: ``code`` is stable, ``reason`` is for people."""

    def __init__(self, code: str, reason: Text) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


class Moved(Exception):
    """Somebody else moved the matter on between reading and writing; nothing was done."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a matter: by whom (an officer's identifier) and when."""

    by: str
    at: datetime

    @property
    def name(self) -> str:
        """The name under which the ledger records it."""
        return type(self).__name__

    def said(self) -> dict[str, Any]:
        """Everything it says but when it was."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "at"}


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What has become of a matter: ``revision`` counts its events, for a store's optimistic lock."""

    changed_at: datetime
    revision: int = 1

    def after(self, event: Event, **changes: Any) -> Self:
        """The state that an event makes of this one, besides the time and the count by these ``changes``."""
        return replace(self, changed_at=event.at, revision=self.revision + 1, **changes)


Kind = TypeVar("Kind")
AnyState = TypeVar("AnyState", bound=State)
AnyEvent = TypeVar("AnyEvent", bound=Event)

Row = Mapping[Role, frozenset[Kind]]
"""Of a table, for one state: the commands by the role they are open to. What is not here is refused."""
Condition = Callable[[Any, AnyState, Officer, datetime], NotAllowed | None]
"""One thing that must hold for a command in a state, by this officer and now: says nothing, or why not."""


def open_to(row: Row[Kind], roles: Iterable[Role]) -> frozenset[Kind]:
    """The commands open to whoever holds these roles."""
    return frozenset().union(*(row.get(role, frozenset()) for role in roles))


def capacities(row: Row[Kind], kind: Kind, roles: Iterable[Role]) -> tuple[Role, ...]:
    """The roles, of those held, that open a command: always in the one order in which roles are written."""
    held = frozenset(roles)
    return tuple(role for role in Role if role in held and kind in row.get(role, ()))


def require(
    conditions: Iterable[Condition[AnyState]], command: object, state: AnyState, actor: Officer, now: datetime
) -> None:
    """All of these must hold. Raises NotAllowed: the first refusal, in their order."""
    for condition in conditions:
        if (refusal := condition(command, state, actor, now)) is not None:
            raise refusal


def course(
    state: AnyState | None, events: Iterable[AnyEvent], evolve: Callable[[AnyState | None, AnyEvent], AnyState]
) -> Iterator[tuple[AnyState | None, AnyEvent, AnyState]]:
    """Event by event: the state before (None for a new matter), the event, the state after."""
    for event in events:
        after = evolve(state, event)
        yield state, event, after
        state = after


def is_stated(text: str) -> bool:
    """Whether something was written down, and not at too great a length."""
    return 0 < len(text.strip()) <= LONGEST_REASON


@dataclass(frozen=True, slots=True)
class Matter:
    """What proceedings are about: ``code`` stands before the codes of its refusals, ``name`` is it in words."""

    code: str
    name: Text

    def refusal(self, code: str, reason: Text) -> NotAllowed:
        """Why not."""
        return NotAllowed(f"{self.code}.{code}", reason)

    def unknown(self) -> NotAllowed:
        """There is none."""
        return self.refusal("unknown", Text(f"没有这一{self.name.zh}", f"There is no such {self.name.en}"))

    def not_open(self) -> NotAllowed:
        """The table of states and roles does not hold this command."""
        reason = Text(
            f"此角色在{self.name.zh}的现状态下不能作此操作",
            f"This role may not do that in the present state of the {self.name.en}",
        )
        return self.refusal("not-allowed", reason)

    def other_organisation(self) -> NotAllowed:
        """The officer's department has no part in it."""
        reason = Text(f"该{self.name.zh}不属于您所在的机构", f"The {self.name.en} does not concern your organisation")
        return self.refusal("other-organisation", reason)

    def is_open(self, row: Row[Kind], kind: Kind, actor: Officer, acts: Callable[[Role], bool]) -> NotAllowed | None:
        """By the table, in a capacity in which this officer ``acts`` in the matter."""
        held = capacities(row, kind, actor.roles)
        if not held:
            return self.not_open()
        return None if any(map(acts, held)) else self.other_organisation()

    def time_goes_on(self, _command: object, state: State, _actor: Officer, now: datetime) -> NotAllowed | None:
        """A clock that ran backwards must not undo the order of what happened."""
        return None if now >= state.changed_at else self.clock_went_back()

    def clock_went_back(self) -> NotAllowed:
        """Something would be done before what was done last."""
        reason = Text("时钟早于上一次变更，未作处理", "The clock is before the last change; nothing was done")
        return self.refusal("clock-went-back", reason)

    def gives_a_reason(self, command: Any, *_rest: object) -> NotAllowed | None:
        """The command's ``reason`` is for whoever is concerned."""
        return None if is_stated(command.reason) else self.reason_missing()

    def reason_missing(self) -> NotAllowed:
        """Nothing was stated where it had to be."""
        reason = Text(
            f"须写明理由（不超过 {LONGEST_REASON} 字）", f"State a reason, at most {LONGEST_REASON} characters"
        )
        return self.refusal("reason-missing", reason)
