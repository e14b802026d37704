"""The life of an access request: a command, the state, who asks and when → events, or a refusal that says why.

Pure, like ``policies.grants.lifecycle``: the caller keeps events and state, and appends every event to the ledger in
the same transaction. A request ends where the grant begins: what follows an approval is decided by the life of the
grant.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kernel.text import Text
from policies.clocks.profile import ShareType
from policies.proceedings import NotAllowed, require
from policies.requests.commands import (
    AcceptRequest,
    ApproveRequest,
    Command,
    CommandKind,
    DisputeRequest,
    DraftRequest,
    EscalateRequest,
    FulfilRequest,
    LapseRequest,
    MediateRequest,
    NegotiateRequest,
    OverturnRefusal,
    RefuseRequest,
    ReturnRequest,
    ReviseRequest,
    SubmitRequest,
    UpholdRefusal,
    WithdrawRequest,
)
from policies.requests.conditions import (
    CONDITIONS,
    MATTER,
    capacity,
    is_open_to,
    keeps_to_the_seat,
    may_draft,
)
from policies.requests.content import going_on
from policies.requests.events import (
    NegotiationOpened,
    ProviderNotified,
    RefusalOverturned,
    RefusalUpheld,
    RequestAccepted,
    RequestApproved,
    RequestDisputed,
    RequestDrafted,
    RequestEscalated,
    RequestEvent,
    RequestFulfilled,
    RequestLapsed,
    RequestMediated,
    RequestRefused,
    RequestReturned,
    RequestRevised,
    RequestState,
    RequestSubmitted,
    RequestWithdrawn,
)
from policies.roles import Officer, Role

Events = tuple[RequestEvent, ...]


def decide(command: Command, state: RequestState | None, actor: Officer, now: datetime) -> Events:
    """The events that follow from a command, to be recorded in this order.

    ``state`` is None for a request that does not exist. Raises NotAllowed, and nothing has happened then.
    """
    if isinstance(command, DraftRequest):
        return _draft(command, state, actor, now)
    if state is None:
        raise MATTER.unknown()
    before = (is_open_to, keeps_to_the_seat, MATTER.time_goes_on)
    require((*before, *CONDITIONS[type(command)]), command, state, actor, now)
    role = capacity(type(command), state, actor)
    if role is None:
        raise AssertionError("checked before")
    return _OUTCOMES[type(command)](command, state, (actor.id, now, role))


def _draft(command: DraftRequest, state: RequestState | None, actor: Officer, now: datetime) -> Events:
    if state is not None:
        raise MATTER.refusal("exists", Text("这一申请已经存在", "This request exists already"))
    role = may_draft(command, actor, now)
    if isinstance(role, NotAllowed):
        raise role
    return (RequestDrafted(actor.id, now, role, command.id, command.content, command.parent),)


Done = tuple[str, datetime, Role]


def _accepted(command: AcceptRequest, state: RequestState, done: Done) -> Events:
    """What is shared unconditionally is granted by the form check; the provider is told, not asked."""
    if isinstance(command.found, Text):
        raise AssertionError("checked before")
    circumstances = going_on(state.circumstances, command.found)
    accepted, grant = RequestAccepted(*done, circumstances), state.content.grant
    if circumstances.share_type is not ShareType.UNCONDITIONAL:
        return (accepted,)
    return (accepted, RequestApproved(*done, grant.ref), ProviderNotified(*done, grant.provider))


def _escalated(command: EscalateRequest, state: RequestState, done: Done) -> Events:
    if state.clock is None:
        raise AssertionError("checked before")
    return (RequestEscalated(*done, state.clock.stage, command.percent, command.due),)


_OUTCOMES: Mapping[CommandKind, Callable[[Any, RequestState, Done], Events]] = {
    ReviseRequest: lambda command, _state, done: (RequestRevised(*done, command.content),),
    SubmitRequest: lambda command, _state, done: (RequestSubmitted(*done, command.circumstances),),
    ReturnRequest: lambda command, _state, done: (RequestReturned(*done, command.reason),),
    AcceptRequest: _accepted,
    ApproveRequest: lambda _command, state, done: (RequestApproved(*done, state.content.grant.ref),),
    RefuseRequest: lambda command, _state, done: (
        RequestRefused(*done, command.code, command.citation, command.reason),
    ),
    DisputeRequest: lambda command, _state, done: (RequestDisputed(*done, command.reason),),
    NegotiateRequest: lambda _command, _state, done: (NegotiationOpened(*done),),
    MediateRequest: lambda command, _state, done: (RequestMediated(*done, command.finding),),
    UpholdRefusal: lambda command, _state, done: (RefusalUpheld(*done, command.citation),),
    OverturnRefusal: lambda command, state, done: (
        RefusalOverturned(*done, command.citation, state.content.grant.ref),
    ),
    WithdrawRequest: lambda _command, _state, done: (RequestWithdrawn(*done),),
    FulfilRequest: lambda _command, _state, done: (RequestFulfilled(*done),),
    LapseRequest: lambda _command, _state, done: (RequestLapsed(*done),),
    EscalateRequest: _escalated,
}
