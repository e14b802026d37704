"""The life of a grant: a command, the state, who asks and when → events, or a refusal that says why.

Pure: the caller keeps events and state, and appends every event to the ledger in the same transaction. Who must sign
follows from what the change does (``policies.grants.routing``); an author never signs, and one person signs once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kernel.text import Text
from policies.grants.commands import (
    TABLE,
    ActivateGrant,
    ApproveGrant,
    Command,
    CommandKind,
    DraftGrant,
    EndorseGrant,
    ExpireGrant,
    ReactivateGrant,
    ReturnGrant,
    ReviseGrant,
    RevokeGrant,
    ScheduleGrant,
    SubmitGrant,
    SupersedeGrant,
    SuspendGrant,
    allowed,
)
from policies.grants.conditions import (
    CONDITIONS,
    MATTER,
    author_may_write,
    catalogue_refuses,
    expectations_refuse,
    invariants_refuse,
    is_open_to,
    panel_of,
    provider_refuses,
    recheck_refuses,
    seat,
    term_is_bounded,
)
from policies.grants.document import digest
from policies.grants.events import (
    GrantActivated,
    GrantApproved,
    GrantDrafted,
    GrantEndorsed,
    GrantEvent,
    GrantExpired,
    GrantReactivated,
    GrantReactivationSigned,
    GrantReturned,
    GrantRevised,
    GrantRevoked,
    GrantScheduled,
    GrantState,
    GrantSubmitted,
    GrantSuperseded,
    GrantSuspended,
    evolve,
    is_full,
)
from policies.proceedings import require
from policies.roles import Officer, Role

__all__ = ["TABLE", "allowed", "decide", "digest", "evolve"]

Events = tuple[GrantEvent, ...]


def decide(command: Command, state: GrantState | None, actor: Officer, now: datetime) -> Events:
    """The events that follow from a command, to be recorded in this order.

    ``state`` is None for a grant id@version that does not exist. Raises NotAllowed, and nothing has happened then.
    """
    if isinstance(command, DraftGrant):
        return _draft(command, state, actor, now)
    if state is None:
        raise MATTER.unknown()
    require((is_open_to, MATTER.time_goes_on, *CONDITIONS[type(command)]), command, state, actor, now)
    return _OUTCOMES[type(command)](command, state, actor, now)


def _draft(command: DraftGrant, state: GrantState | None, actor: Officer, now: datetime) -> Events:
    if state is not None:
        raise MATTER.refusal("exists", Text("这一版本的授权已经存在", "This version of the grant exists already"))
    if DraftGrant not in allowed(None, actor.roles):
        raise MATTER.not_open()
    refusal = author_may_write(command.grant, actor) or term_is_bounded(command.grant, now)
    if refusal is not None:
        raise refusal
    return (GrantDrafted(actor.id, now, command.grant),)


def _submitted(command: SubmitGrant, state: GrantState, actor: Officer, now: datetime) -> Events:
    review = command.review
    if (refusal := invariants_refuse(review) or catalogue_refuses(review) or expectations_refuse(review)) is not None:
        raise refusal
    return (GrantSubmitted(actor.id, now, digest(state.grant, review), panel_of(review), review),)


def _approved(command: ApproveGrant, state: GrantState, actor: Officer, now: datetime) -> Events:
    return (GrantApproved(actor.id, now, _seat_of(command, state, actor), command.digest),)


def _seat_of(command: ApproveGrant | ReactivateGrant, state: GrantState, actor: Officer) -> Role:
    taken = seat(command, state, actor)
    if taken is None:
        raise AssertionError("checked before")
    return taken


def _reactivated(command: ReactivateGrant, state: GrantState, actor: Officer, now: datetime) -> Events:
    signed = GrantReactivationSigned(actor.id, now, _seat_of(command, state, actor), command.digest)
    given = evolve(state, signed).reactivation
    if is_full(given, state.whole_panel):
        seats = {signature.role for signature in given}
        if (refusal := recheck_refuses(command.found) or provider_refuses(command.found, state, seats)) is not None:
            raise refusal
        return (signed, GrantReactivated(actor.id, now, command.digest))
    return (signed,)


_OUTCOMES: Mapping[CommandKind, Callable[[Any, GrantState, Officer, datetime], Events]] = {
    ReviseGrant: lambda command, _state, actor, now: (GrantRevised(actor.id, now, command.grant),),
    SubmitGrant: _submitted,
    ReturnGrant: lambda command, _state, actor, now: (GrantReturned(actor.id, now, command.reason),),
    ApproveGrant: _approved,
    EndorseGrant: lambda command, _state, actor, now: (GrantEndorsed(actor.id, now, command.digest),),
    ScheduleGrant: lambda _command, state, actor, now: (GrantScheduled(actor.id, now, state.digest),),
    ActivateGrant: lambda _command, state, actor, now: (GrantActivated(actor.id, now, state.digest),),
    SuspendGrant: lambda command, _state, actor, now: (GrantSuspended(actor.id, now, command.reason),),
    ReactivateGrant: _reactivated,
    RevokeGrant: lambda command, _state, actor, now: (GrantRevoked(actor.id, now, command.reason),),
    ExpireGrant: lambda command, _state, actor, now: (GrantExpired(actor.id, now, command.campaign),),
    SupersedeGrant: lambda command, _state, actor, now: (GrantSuperseded(actor.id, now, command.successor),),
}
