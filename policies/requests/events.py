"""What has happened to an access request, and the state it adds up to; whether it may happen is not decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from kernel.text import Text
from policies.clocks.profile import ShareType, Stage
from policies.clocks.run import Pause, Run
from policies.proceedings import Event, State
from policies.requests.content import Circumstances, Content, RefusalCode
from policies.roles import Role


class Status(StrEnum):
    """Where a request stands."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    WITH_PROVIDER = "with-provider"
    APPROVED = "approved"
    FULFILLED = "fulfilled"
    LAPSED = "lapsed"
    REFUSED = "refused"
    DISPUTED = "disputed"
    NEGOTIATING = "negotiating"
    MEDIATED = "mediated"
    UPHELD = "upheld"
    WITHDRAWN = "withdrawn"


STATUSES: Mapping[Status, Text] = MappingProxyType(
    {
        Status.DRAFTED: Text("草稿", "Draft"),
        Status.SUBMITTED: Text("形式审查中", "Form check"),
        Status.RETURNED: Text("退回补正", "Returned for a supplement"),
        Status.WITH_PROVIDER: Text("提供部门办理中", "With the provider"),
        Status.APPROVED: Text("已同意", "Approved"),
        Status.FULFILLED: Text("数据已可用", "Data available"),
        Status.LAPSED: Text("授权未能生效", "Its grant did not take effect"),
        Status.REFUSED: Text("不予共享", "Refused"),
        Status.DISPUTED: Text("提出异议", "Disputed"),
        Status.NEGOTIATING: Text("协商中", "Negotiating"),
        Status.MEDIATED: Text("已调解，待裁定", "Mediated, awaiting a ruling"),
        Status.UPHELD: Text("维持不予共享", "Refusal upheld"),
        Status.WITHDRAWN: Text("已撤回", "Withdrawn"),
    }
)
"""States in words."""


class Seat(StrEnum):
    """A part in the proceedings of one request."""

    AUTHOR = "author"
    FORM_CHECK = "form-check"
    PROVIDER = "provider"
    MEDIATION = "mediation"
    RULING = "ruling"


@dataclass(frozen=True, slots=True)
class RequestEvent(Event):
    """Something that happened to a request, and in which capacity whoever did it acted."""

    role: Role


@dataclass(frozen=True, slots=True)
class RequestDrafted(RequestEvent):
    """It was written down."""

    request: str
    content: Content
    parent: str


@dataclass(frozen=True, slots=True)
class RequestRevised(RequestEvent):
    """Its text was replaced."""

    content: Content


@dataclass(frozen=True, slots=True)
class RequestSubmitted(RequestEvent):
    """It was handed in; a clock begins, or goes on."""

    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class RequestReturned(RequestEvent):
    """A supplement was asked for; the clock stands still."""

    reason: str


@dataclass(frozen=True, slots=True)
class RequestAccepted(RequestEvent):
    """Its form is in order; ``circumstances`` are those it goes on under."""

    circumstances: Circumstances


@dataclass(frozen=True, slots=True)
class RequestApproved(RequestEvent):
    """It was agreed to; ``grant`` (id@version) is the draft that follows."""

    grant: str


@dataclass(frozen=True, slots=True)
class ProviderNotified(RequestEvent):
    """The provider was told of what is shared unconditionally, and not asked."""

    provider: str


@dataclass(frozen=True, slots=True)
class RequestRefused(RequestEvent):
    """It was refused, by the rule that is cited."""

    code: RefusalCode
    citation: str
    reason: str


@dataclass(frozen=True, slots=True)
class RequestDisputed(RequestEvent):
    """The consumer objects to the refusal."""

    reason: str


@dataclass(frozen=True, slots=True)
class NegotiationOpened(RequestEvent):
    """Both sides were brought together."""


@dataclass(frozen=True, slots=True)
class RequestMediated(RequestEvent):
    """What the negotiation found was written down."""

    finding: str


@dataclass(frozen=True, slots=True)
class RefusalUpheld(RequestEvent):
    """The refusal stands."""

    citation: str


@dataclass(frozen=True, slots=True)
class RefusalOverturned(RequestEvent):
    """The data are to be shared; ``grant`` is the draft that follows."""

    citation: str
    grant: str


@dataclass(frozen=True, slots=True)
class RequestWithdrawn(RequestEvent):
    """Whoever asked asks no longer."""


@dataclass(frozen=True, slots=True)
class RequestFulfilled(RequestEvent):
    """The grant that followed took effect."""


@dataclass(frozen=True, slots=True)
class RequestLapsed(RequestEvent):
    """The grant that followed ended before it took effect: nothing is left to wait for."""


@dataclass(frozen=True, slots=True)
class RequestEscalated(RequestEvent):
    """``percent`` of the time of ``stage`` was used up at the instant ``due``."""

    stage: Stage
    percent: int
    due: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it was refused."""

    code: RefusalCode
    citation: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestState(State):
    """A request and what has become of it.

    ``authors`` are all who wrote any of it or handed it in, each with the capacity, the first first; ``seats`` say who
    took which part. ``clock`` is that of the present step, ``told`` the per cents of it that were escalated; ``note``
    is the last reason, finding or citation given.
    """

    id: str
    content: Content
    status: Status
    authors: tuple[tuple[str, Role], ...]
    parent: str = ""
    seats: frozenset[tuple[Seat, str]] = frozenset()
    circumstances: Circumstances | None = None
    clock: Run | None = None
    told: frozenset[int] = frozenset()
    refusal: Refusal | None = None
    note: str = ""
    grant: str = ""
    notified: bool = False

    @property
    def granted_by_form_check(self) -> bool:
        """Whether it is approved since its form is in order: all of it is shared unconditionally (ADR 0092)."""
        shared = self.circumstances and self.circumstances.share_type
        return self.status is Status.APPROVED and shared is ShareType.UNCONDITIONAL


def evolve(state: RequestState | None, event: RequestEvent) -> RequestState:
    """The state after an event; raises ValueError for an event that cannot follow on the state."""
    if isinstance(event, RequestDrafted):
        if state is not None:
            raise ValueError("a request is drafted once")
        return RequestState(
            id=event.request,
            content=event.content,
            status=Status.DRAFTED,
            authors=((event.by, event.role),),
            changed_at=event.at,
            parent=event.parent,
            seats=frozenset({(Seat.AUTHOR, event.by)}),
        )
    if state is None:
        raise ValueError("a request begins with a draft")
    seat = seat_of(event)
    seats = state.seats if seat is None else state.seats | {(seat, event.by)}
    return state.after(event, seats=seats, **_CHANGES[type(event)](state, event))


def seat_of(event: RequestEvent) -> Seat | None:
    """The part an event is; None for what follows by rule: an approval after the form check is not the provider's."""
    if isinstance(event, RequestApproved):
        return Seat.PROVIDER if event.role is Role.PROVIDER_OFFICER else None
    return _SEATS.get(type(event))


def _revised(state: RequestState, event: RequestRevised) -> dict[str, Any]:
    return {"content": event.content, "authors": _authors(state, event)}


def _authors(state: RequestState, event: RequestEvent) -> tuple[tuple[str, Role], ...]:
    known = {name for name, _role in state.authors}
    return state.authors if event.by in known else (*state.authors, (event.by, event.role))


def _submitted(state: RequestState, event: RequestSubmitted) -> dict[str, Any]:
    begun = _begun(Stage.FORM_CHECK, event.circumstances, event.at)
    going_on = _is_the_same_check(state, begun)
    clock = _resumed(state.clock, event.at) if going_on else begun
    told = state.told if going_on else frozenset()
    return {
        "status": Status.SUBMITTED,
        "authors": _authors(state, event),
        "circumstances": event.circumstances,
        "clock": clock,
        "told": told,
        "note": "",
    }


def _is_the_same_check(state: RequestState, begun: Run | None) -> bool:
    """Whether a supplement goes on with the clock that stood still.

    Only where the days of the check are the same: a text that now asks for another matter is given that matter's time,
    or none.
    """
    if state.status is not Status.RETURNED or state.clock is None or begun is None:
        return False
    return state.clock.days == begun.days


def _returned(state: RequestState, event: RequestReturned) -> dict[str, Any]:
    clock = state.clock and replace(state.clock, pauses=(*state.clock.pauses, Pause(event.at)))
    return {"status": Status.RETURNED, "clock": clock, "note": event.reason}


def _accepted(_state: RequestState, event: RequestAccepted) -> dict[str, Any]:
    clock = _begun(Stage.PROVIDER_ANSWER, event.circumstances, event.at)
    return {
        "status": Status.WITH_PROVIDER,
        "circumstances": event.circumstances,
        "clock": clock,
        "told": frozenset(),
    }


def _approved(state: RequestState, event: RequestApproved | RefusalOverturned) -> dict[str, Any]:
    return {"status": Status.APPROVED, "grant": event.grant, **_next_clock(Stage.PROVISIONING, state, event)}


def _refused(_state: RequestState, event: RequestRefused) -> dict[str, Any]:
    refusal = Refusal(event.code, event.citation, event.reason)
    return {"status": Status.REFUSED, "refusal": refusal, "note": event.reason, **_NO_CLOCK}


def _escalated(state: RequestState, event: RequestEscalated) -> dict[str, Any]:
    return {"told": state.told | {event.percent}}


def _overturned(state: RequestState, event: RefusalOverturned) -> dict[str, Any]:
    return {"note": event.citation, **_approved(state, event)}


def _becomes(
    status: Status, note: str = "", stage: Stage | None = None
) -> Callable[[RequestState, Any], dict[str, Any]]:
    """The state, with the clock of its step if it has one; ``note`` names what the event says of the reason."""

    def changes(state: RequestState, event: Any) -> dict[str, Any]:
        clock = _NO_CLOCK if stage is None else _next_clock(stage, state, event)
        return {"status": status, "note": getattr(event, note) if note else state.note, **clock}

    return changes


def _begun(stage: Stage, circumstances: Circumstances | None, at: datetime) -> Run | None:
    days = circumstances.clocks.get(stage) if circumstances else None
    return None if days is None else Run(stage=stage, days=days, began=at)


def _resumed(clock: Run | None, at: datetime) -> Run | None:
    if clock is None or not clock.is_paused:
        return clock
    return replace(clock, pauses=(*clock.pauses[:-1], replace(clock.pauses[-1], ended=at)))


def _next_clock(stage: Stage, state: RequestState, event: RequestEvent) -> dict[str, Any]:
    return {"clock": _begun(stage, state.circumstances, event.at), "told": frozenset()}


_NO_CLOCK: Mapping[str, Any] = MappingProxyType({"clock": None, "told": frozenset()})

_SEATS: Mapping[type[RequestEvent], Seat] = {
    RequestRevised: Seat.AUTHOR,
    RequestSubmitted: Seat.AUTHOR,
    RequestDisputed: Seat.AUTHOR,
    RequestWithdrawn: Seat.AUTHOR,
    RequestReturned: Seat.FORM_CHECK,
    RequestAccepted: Seat.FORM_CHECK,
    RequestRefused: Seat.PROVIDER,
    NegotiationOpened: Seat.MEDIATION,
    RequestMediated: Seat.MEDIATION,
    RefusalUpheld: Seat.RULING,
    RefusalOverturned: Seat.RULING,
}
"""Whose part an event is."""

_CHANGES: Mapping[type[RequestEvent], Callable[[RequestState, Any], dict[str, Any]]] = {
    RequestRevised: _revised,
    RequestSubmitted: _submitted,
    RequestReturned: _returned,
    RequestAccepted: _accepted,
    RequestApproved: _approved,
    ProviderNotified: lambda _state, _event: {"notified": True},
    RequestRefused: _refused,
    RequestDisputed: _becomes(Status.DISPUTED, "reason", Stage.DISPUTE_ANSWER),
    NegotiationOpened: _becomes(Status.NEGOTIATING, stage=Stage.MEDIATION),
    RequestMediated: _becomes(Status.MEDIATED, "finding", Stage.RULING),
    RefusalUpheld: _becomes(Status.UPHELD, "citation"),
    RefusalOverturned: _overturned,
    RequestWithdrawn: _becomes(Status.WITHDRAWN),
    RequestFulfilled: _becomes(Status.FULFILLED),
    RequestLapsed: _becomes(Status.LAPSED),
    RequestEscalated: _escalated,
}
