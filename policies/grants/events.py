"""What has happened to a grant, and the state it adds up to; whether something may happen is not decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from kernel.canonical import JSON
from policies.grants.grant import Grant
from policies.grants.review import ReviewPackage
from policies.grants.routing import TWO, Panel, joined, wider
from policies.proceedings import Event, State
from policies.roles import Role


class Status(StrEnum):
    """Where a grant stands. Only an active one is part of the set that decisions are made by."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's approval in one capacity, bound to the digest of exactly what was seen."""

    officer: str
    role: Role
    digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class GrantEvent(Event):
    """Something that happened to a grant."""


@dataclass(frozen=True, slots=True)
class GrantDrafted(GrantEvent):
    """A new grant, or a new version of one, was written down."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class GrantRevised(GrantEvent):
    """The draft was replaced by another text."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class GrantSubmitted(GrantEvent):
    """The draft was put before its ``panel``; ``digest`` is what they are asked to sign, ``review`` what they see."""

    digest: str
    panel: Panel = TWO
    review: ReviewPackage | None = None


@dataclass(frozen=True, slots=True)
class GrantReturned(GrantEvent):
    """The panel sent it back; signatures already given are void."""

    reason: str


@dataclass(frozen=True, slots=True)
class GrantApproved(GrantEvent):
    """One member of the panel signed."""

    role: Role
    digest: str


@dataclass(frozen=True, slots=True)
class GrantEndorsed(GrantEvent):
    """The consuming department's sponsor stands by it; this is no signature of the panel."""

    digest: str


@dataclass(frozen=True, slots=True)
class GrantScheduled(GrantEvent):
    """Signed by its whole panel, it waits for its beginning; until then an older version stays in force."""

    digest: str


@dataclass(frozen=True, slots=True)
class GrantActivated(GrantEvent):
    """It became part of the active set."""

    digest: str


@dataclass(frozen=True, slots=True)
class GrantSuspended(GrantEvent):
    """One officer took it out of the active set until the panel puts it back."""

    reason: str


@dataclass(frozen=True, slots=True)
class GrantReactivationSigned(GrantEvent):
    """One member of the panel signed that it may be active again."""

    role: Role
    digest: str


@dataclass(frozen=True, slots=True)
class GrantReactivated(GrantEvent):
    """The whole panel signed: it is active again."""

    digest: str


@dataclass(frozen=True, slots=True)
class GrantRevoked(GrantEvent):
    """It was ended for good."""

    reason: str


@dataclass(frozen=True, slots=True)
class GrantExpired(GrantEvent):
    """Its time ran out; or, in a ``campaign``, nobody answered for it."""

    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class GrantSuperseded(GrantEvent):
    """A newer version (``successor``, id@version) took its place."""

    successor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantState(State):
    """A grant and what has become of it.

    ``authors`` are all who wrote any of its text; ``digest`` is what the panel signs, empty before submission;
    ``panel`` are the seats that must sign it, by the class of the change; ``unconditional`` whether all it gives was
    shared without its provider being asked when it was handed in; ``reactivation`` holds the signatures given since it
    was suspended; ``endorsements`` those that do not count.
    """

    grant: Grant
    status: Status
    authors: frozenset[str]
    digest: str = ""
    signatures: tuple[Signature, ...] = ()
    reactivation: tuple[Signature, ...] = ()
    endorsements: tuple[Signature, ...] = ()
    panel: Panel = TWO
    unconditional: bool = False
    review: ReviewPackage | None = None

    @property
    def signed_by_provider(self) -> bool:
        """Whether the providing department is among its signers; a version that takes nothing more needs it not."""
        return any(each.role is Role.PROVIDER_OFFICER for each in self.signatures)

    @property
    def whole_panel(self) -> Panel:
        """Who must sign that it may be active again: never fewer than for a wider change."""
        return joined(wider(unconditional=self.unconditional), self.panel)

    @property
    def provider_is_told(self) -> bool:
        """Whether the provider has no seat and is told instead, since all of it is shared unconditionally."""
        return self.unconditional and Role.PROVIDER_OFFICER not in self.panel

    @property
    def awaited(self) -> tuple[Panel, tuple[Signature, ...]]:
        """The seats that must sign as it stands, and the signatures given so far: of a suspended one all over again."""
        if self.status is Status.SUSPENDED:
            return self.whole_panel, self.reactivation
        return self.panel, self.signatures


def facts(event: GrantEvent) -> Mapping[str, JSON]:
    """What the ledger records of an event besides its name and the grant; nothing of a citizen."""
    return {name: _fact(value) for name, value in event.said().items() if value is not None}


def _fact(value: object) -> JSON:
    if isinstance(value, Grant):
        return value.ref
    if isinstance(value, ReviewPackage):
        return value.examination.change.value
    return [str(each) for each in value] if isinstance(value, tuple) else str(value)


def evolve(state: GrantState | None, event: GrantEvent) -> GrantState:
    """The state after an event; raises ValueError for an event that cannot follow on the state."""
    if isinstance(event, GrantDrafted):
        if state is not None:
            raise ValueError("a grant is drafted once")
        return GrantState(grant=event.grant, status=Status.DRAFTED, authors=frozenset({event.by}), changed_at=event.at)
    if state is None:
        raise ValueError("a grant begins with a draft")
    return state.after(event, **_CHANGES[type(event)](state, event))


def _revised(state: GrantState, event: GrantRevised) -> dict[str, Any]:
    return {"grant": event.grant, "authors": state.authors | {event.by}}


def _submitted(_state: GrantState, event: GrantSubmitted) -> dict[str, Any]:
    return {
        "status": Status.SUBMITTED,
        "digest": event.digest,
        "panel": event.panel,
        "unconditional": event.review is not None and event.review.examination.unconditional,
        "review": event.review,
    }


def _endorsed(state: GrantState, event: GrantEndorsed) -> dict[str, Any]:
    return {"endorsements": (*state.endorsements, Signature(event.by, Role.SPONSOR, event.digest, event.at))}


def _returned(_state: GrantState, _event: GrantReturned) -> dict[str, Any]:
    return {
        "status": Status.DRAFTED,
        "digest": "",
        "signatures": (),
        "endorsements": (),
        "panel": TWO,
        "unconditional": False,
        "review": None,
    }


def _approved(state: GrantState, event: GrantApproved) -> dict[str, Any]:
    signatures = (*state.signatures, Signature(event.by, event.role, event.digest, event.at))
    return {"signatures": signatures, "status": Status.APPROVED if is_full(signatures, state.panel) else state.status}


def is_full(signatures: tuple[Signature, ...], panel: Panel) -> bool:
    """Whether every seat of the panel has signed, each by another person."""
    seats = {signature.role for signature in signatures}
    return (
        bool(panel) and seats >= set(panel) and len({signature.officer for signature in signatures}) == len(signatures)
    )


def _reactivation_signed(state: GrantState, event: GrantReactivationSigned) -> dict[str, Any]:
    return {"reactivation": (*state.reactivation, Signature(event.by, event.role, event.digest, event.at))}


def _becomes(status: Status) -> Callable[[GrantState, Any], dict[str, Any]]:
    return lambda _state, _event: {"status": status, "reactivation": ()}


_CHANGES: Mapping[type[GrantEvent], Callable[[GrantState, Any], dict[str, Any]]] = {
    GrantRevised: _revised,
    GrantSubmitted: _submitted,
    GrantReturned: _returned,
    GrantEndorsed: _endorsed,
    GrantApproved: _approved,
    GrantScheduled: _becomes(Status.SCHEDULED),
    GrantActivated: _becomes(Status.ACTIVE),
    GrantSuspended: _becomes(Status.SUSPENDED),
    GrantReactivationSigned: _reactivation_signed,
    GrantReactivated: _becomes(Status.ACTIVE),
    GrantRevoked: _becomes(Status.REVOKED),
    GrantExpired: _becomes(Status.EXPIRED),
    GrantSuperseded: _becomes(Status.SUPERSEDED),
}
