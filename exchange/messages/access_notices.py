"""Who is told what of grants and of the access requests they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from exchange.messages.notices import message
from exchange.messages.words import Kind
from exchange.store.messages import ANY, Message
from kernel.canonical import JSON
from policies.clocks.run import DEADLINE_PERCENT
from policies.grants.events import (
    GrantActivated,
    GrantEvent,
    GrantReactivated,
    GrantReturned,
    GrantState,
    GrantSubmitted,
    GrantSuspended,
)
from policies.grants.grant import Grant
from policies.requests.commands import turns
from policies.requests.events import RequestEscalated, RequestEvent, RequestLapsed, RequestState
from policies.roles import Role

_CONCERNED = (Role.CONSUMER_OFFICER, Role.PROVIDER_OFFICER, Role.GOVERNANCE_OFFICER)
_TOLD_OF_GRANTS = (
    (GrantReturned, Kind.GRANT_RETURNED, (Role.CONSUMER_OFFICER, Role.GOVERNANCE_OFFICER)),
    (GrantSuspended, Kind.GRANT_SUSPENDED, _CONCERNED),
)
_TOLD_TO_PROVIDERS = (
    (GrantSubmitted, Kind.GRANT_UNASKED),
    (GrantActivated, Kind.GRANT_IN_FORCE),
    (GrantReactivated, Kind.GRANT_IN_FORCE),
)
"""What a provider is told of a grant that it does not sign, since all of it is shared unconditionally."""


class GrantStep(Protocol):
    """One event of a grant, with the state after it."""

    @property
    def event(self) -> GrantEvent:
        """What happened."""
        ...

    @property
    def after(self) -> GrantState:
        """Where it stands then."""
        ...


class RequestStep(Protocol):
    """One event of an access request, with the states around it."""

    @property
    def before(self) -> RequestState | None:
        """Where it stood."""
        ...

    @property
    def event(self) -> RequestEvent:
        """What happened."""
        ...

    @property
    def after(self) -> RequestState:
        """Where it stands then."""
        ...


def grant_ends(state: GrantState, days: int, at: datetime) -> tuple[Message, ...]:
    """Both departments are reminded that a grant comes near its end."""
    grant = state.grant
    facts: dict[str, JSON] = {"days": days, "valid_to": grant.valid_to.isoformat()}
    cause = f"{Kind.GRANT_ENDS}/{grant.ref}/{days}"
    return tuple(
        message(cause, office(role, grant), role, Kind.GRANT_ENDS, grant.ref, at, facts)
        for role in (Role.CONSUMER_OFFICER, Role.PROVIDER_OFFICER)
    )


def of_grants(steps: Iterable[GrantStep]) -> Iterator[Message]:
    """Every seat of the panel is told of what it is asked to sign, whoever may write it that it came back, all whom it
    concerns of a suspension, and a provider that is not asked of what happens with its data.
    """
    for step in steps:
        told = [kind for event, kind in _TOLD_TO_PROVIDERS if isinstance(step.event, event)]
        for kind in told if step.after.provider_is_told else ():
            grant, cause = step.after.grant, f"{kind}/{step.after.grant.ref}/{step.after.revision}"
            yield message(cause, grant.provider, Role.PROVIDER_OFFICER, kind, grant.ref, step.event.at)
        if isinstance(step.event, GrantSubmitted):
            grant, cause = step.after.grant, f"{Kind.GRANT_TO_SIGN}/{step.after.grant.ref}/{step.after.revision}"
            for seat in step.after.panel:
                yield message(cause, office(seat, grant), seat, Kind.GRANT_TO_SIGN, grant.ref, step.event.at)
        for event, kind, roles in _TOLD_OF_GRANTS:
            if isinstance(step.event, event):
                grant, cause = step.after.grant, f"{kind}/{step.after.grant.ref}/{step.after.revision}"
                for role in roles:
                    yield message(cause, office(role, grant), role, kind, grant.ref, step.event.at)


def of_requests(steps: Iterable[RequestStep]) -> Iterator[Message]:
    """Whoever's turn it is is told, somebody above when time runs out, and whoever asked that nothing came of it.

    Of a draft nobody but who wrote it.
    """
    for step in steps:
        state, event = step.after, step.event
        if isinstance(event, RequestEscalated):
            yield from _late(state, event)
        elif isinstance(event, RequestLapsed):
            cause, about = f"{Kind.REQUEST_LAPSED}/{state.id}", (Kind.REQUEST_LAPSED, state.id, event.at)
            yield message(cause, state.content.grant.consumer, Role.CONSUMER_OFFICER, *about)
        elif step.before is not None and step.before.status is not state.status:
            facts = {"status": state.status.value}
            cause = f"{Kind.REQUEST_WAITS}/{state.id}/{state.revision}"
            for role in turns(state):
                yield message(cause, _office(role, state), role, Kind.REQUEST_WAITS, state.id, event.at, facts)


def _late(state: RequestState, event: RequestEscalated) -> Iterator[Message]:
    """At four fifths the office whose turn it is and the one that watches clocks; at the end also the approver's."""
    told = [*turns(state), Role.GOVERNANCE_OFFICER]
    told += [Role.GOVERNANCE_APPROVER] if event.percent >= DEADLINE_PERCENT else []
    facts: dict[str, JSON] = {"stage": event.stage.value, "percent": event.percent}
    cause = f"{Kind.REQUEST_LATE}/{state.id}/{state.revision}"
    for role in dict.fromkeys(told):
        yield message(cause, _office(role, state), role, Kind.REQUEST_LATE, state.id, event.at, facts)


def office(role: Role, grant: Grant) -> str:
    """The organisation that holds an office in matters of a grant."""
    return {
        Role.PROVIDER_OFFICER: grant.provider,
        Role.CONSUMER_OFFICER: grant.consumer,
        Role.SPONSOR: grant.consumer,
    }.get(role, ANY)


def _office(role: Role, state: RequestState) -> str:
    return office(role, state.content.grant)
