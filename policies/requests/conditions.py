"""What must hold before a command on a request takes effect: named conditions; each says nothing, or why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kernel.dates import local_day
from kernel.text import Text
from policies.clocks.profile import ShareType
from policies.clocks.run import DEADLINE_PERCENT, WARNING_PERCENT
from policies.conditions import LONGEST_REASON, NotAllowed, term_is_bounded
from policies.requests.commands import (
    COMPATIBLE,
    NAMES,
    SEATS,
    TABLE,
    AcceptRequest,
    ApproveRequest,
    Command,
    CommandKind,
    DisputeRequest,
    DraftRequest,
    EscalateRequest,
    FulfilRequest,
    MediateRequest,
    NegotiateRequest,
    OverturnRefusal,
    RefuseRequest,
    ReturnRequest,
    ReviseRequest,
    SubmitRequest,
    UpholdRefusal,
    WithdrawRequest,
    allowed,
)
from policies.requests.content import Content, needs_assessment
from policies.requests.events import RequestState, Seat, Status
from policies.roles import Officer, Role

Condition = Callable[[Any, RequestState, Officer, datetime], NotAllowed | None]

READERS = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.AUDITOR})
"""Capacities that see every request; the departments see their own."""


def not_open() -> NotAllowed:
    """The table of states and roles does not hold this command."""
    return NotAllowed(
        "access-request.not-allowed",
        Text("此角色在申请的现状态下不能作此操作", "This role may not do that in the present state of the request"),
    )


def _other_organisation() -> NotAllowed:
    return NotAllowed(
        "access-request.other-organisation",
        Text("该申请不属于您所在的机构", "The request does not concern your organisation"),
    )


def capacity(kind: CommandKind, state: RequestState, actor: Officer) -> Role | None:
    """The capacity in which this officer may do this to this request; None for none. The table, organisation, authors.

    Governance officers write only what they drafted themselves, for many departments at once.
    """
    row = TABLE[state.status]
    held = [role for role in Role if role in actor.roles and kind in row.get(role, ())]
    return next((role for role in held if _acts_for(role, kind, state, actor)), None)


def _acts_for(role: Role, kind: CommandKind, state: RequestState, actor: Officer) -> bool:
    if role is Role.GOVERNANCE_OFFICER and SEATS.get(kind) is Seat.AUTHOR:
        return actor.id in {name for name, _role in state.authors}
    return of_department(role, state.content, actor)


def of_department(role: Role, content: Content, actor: Officer) -> bool:
    """Whether an officer holds this role for the department it stands for in this request."""
    if role is Role.PROVIDER_OFFICER:
        return actor.organisation == content.grant.provider
    if role is Role.CONSUMER_OFFICER:
        return actor.organisation == content.grant.consumer
    return True


def sees(state: RequestState, actor: Officer) -> bool:
    """Whether this officer may read the request: governance, its own department, and the provider once it was asked."""
    if READERS & actor.roles:
        return True
    if actor.organisation == state.content.grant.consumer:
        return True
    is_before = state.status in {Status.DRAFTED, Status.SUBMITTED, Status.RETURNED}
    return not is_before and actor.organisation == state.content.grant.provider


def open_to(state: RequestState, actor: Officer) -> tuple[str, ...]:
    """The commands this officer may give now, by their names: what a page offers and ``decide`` does not refuse."""
    kinds = (kind for kind in NAMES if capacity(kind, state, actor) is not None)
    return tuple(NAMES[kind] for kind in kinds if seat_is_free(kind, state, actor))


def is_open_to(command: Command, state: RequestState, actor: Officer, _now: datetime) -> NotAllowed | None:
    """By the table, in a capacity that this officer holds for this request."""
    kind: CommandKind = type(command)
    if kind not in allowed(state.status, actor.roles):
        return not_open()
    return None if capacity(kind, state, actor) is not None else _other_organisation()


def seat_is_free(kind: CommandKind, state: RequestState, actor: Officer) -> bool:
    """Nobody sits on both sides: whoever took one part in a request takes no part that stands against it."""
    wanted = SEATS.get(kind)
    held = {seat for seat, name in state.seats if name == actor.id} - {wanted}
    return wanted is None or all(frozenset({seat, wanted}) in COMPATIBLE for seat in held)


def keeps_to_the_seat(command: Command, state: RequestState, actor: Officer, _now: datetime) -> NotAllowed | None:
    """See ``seat_is_free``."""
    if seat_is_free(type(command), state, actor):
        return None
    return NotAllowed(
        "access-request.other-side",
        Text(
            "同一人不能在同一申请中先后处于对立的位置",
            "One person does not act on opposing sides of one request",
        ),
    )


def time_goes_on(_command: Command, state: RequestState, _actor: Officer, now: datetime) -> NotAllowed | None:
    """A clock that ran backwards must not undo the order of what happened."""
    if now >= state.changed_at:
        return None
    return NotAllowed(
        "access-request.clock-went-back",
        Text("时钟早于上一次变更，未作处理", "The clock is before the last change; nothing was done"),
    )


def content_is_sound(content: Content, now: datetime) -> NotAllowed | None:
    """The term is bounded, and has not run out."""
    refusal = term_is_bounded(content.grant, now)
    return None if refusal is None else NotAllowed(refusal.code.replace("grant.", "access-request."), refusal.reason)


def _is_of_this_request(
    command: ReviseRequest, state: RequestState, _actor: Officer, now: datetime
) -> NotAllowed | None:
    old, new = state.content.grant, command.content.grant
    if (old.ref, old.consumer) != (new.ref, new.consumer):
        return NotAllowed(
            "access-request.other-request",
            Text("修改不能改变申请编号或需求部门", "A revision keeps the request and the department that asks"),
        )
    return content_is_sound(command.content, now)


def _is_sound(_command: Command, state: RequestState, _actor: Officer, now: datetime) -> NotAllowed | None:
    return content_is_sound(state.content, now)


def _is_shared_at_all(
    command: SubmitRequest, _state: RequestState, _actor: Officer, _now: datetime
) -> NotAllowed | None:
    if command.circumstances.share_type is not ShareType.NOT_SHARED:
        return None
    return NotAllowed(
        "access-request.not-shared", Text("该资源依法不予共享", "The law says that this resource is not shared")
    )


def _is_assessed(command: SubmitRequest, state: RequestState, _actor: Officer, now: datetime) -> NotAllowed | None:
    assessment = state.content.assessment
    if assessment is None:
        if not needs_assessment(state.content, command.circumstances.sensitivity):
            return None
        return NotAllowed(
            "access-request.assessment-missing",
            Text(
                "涉及敏感个人信息或向他人提供的，须附个人信息保护影响评估（个人信息保护法第五十五条）",
                "Sensitive information, or passing it on, needs an impact assessment (PIPL art. 55)",
            ),
        )
    if assessment.assessed_on > local_day(now):
        return NotAllowed(
            "access-request.assessment-in-future",
            Text("影响评估的日期不能晚于今天", "The impact assessment is dated in the future"),
        )
    return None


def _gives_a_reason(command: Any, *_rest: object) -> NotAllowed | None:
    said = command.finding if isinstance(command, MediateRequest) else command.reason
    if 0 < len(said.strip()) <= LONGEST_REASON:
        return None
    return NotAllowed(
        "access-request.reason-missing",
        Text(f"须写明理由（不超过 {LONGEST_REASON} 字）", f"State a reason, at most {LONGEST_REASON} characters"),
    )


def _cites_a_rule(command: RefuseRequest | UpholdRefusal | OverturnRefusal, *_rest: object) -> NotAllowed | None:
    """A refusal is reasoned in writing; so is the ruling on it."""
    if 0 < len(command.citation.strip()) <= LONGEST_REASON:
        return None
    return NotAllowed(
        "access-request.citation-missing",
        Text("须引用所依据的法律法规条款", "Cite the rule this stands on"),
    )


def _is_due(command: EscalateRequest, state: RequestState, _actor: Officer, now: datetime) -> NotAllowed | None:
    runs = state.clock is not None and not state.clock.is_paused
    is_known = command.percent in {WARNING_PERCENT, DEADLINE_PERCENT} - state.told
    if runs and is_known and now >= command.due:
        return None
    return NotAllowed(
        "access-request.not-due", Text("尚未到督办时点，或已督办", "It is not time to escalate, or it was done already")
    )


CONDITIONS: Mapping[CommandKind, tuple[Condition, ...]] = {
    ReviseRequest: (_is_of_this_request,),
    SubmitRequest: (_is_sound, _is_shared_at_all, _is_assessed),
    ReturnRequest: (_gives_a_reason,),
    AcceptRequest: (_is_sound,),
    ApproveRequest: (_is_sound,),
    RefuseRequest: (_cites_a_rule, _gives_a_reason),
    DisputeRequest: (_gives_a_reason,),
    NegotiateRequest: (),
    MediateRequest: (_gives_a_reason,),
    UpholdRefusal: (_cites_a_rule,),
    OverturnRefusal: (_cites_a_rule, _is_sound),
    WithdrawRequest: (),
    FulfilRequest: (),
    EscalateRequest: (_is_due,),
}
"""Beyond the table of states and roles, in the order in which a refusal names them."""


def may_draft(command: DraftRequest, actor: Officer, now: datetime) -> Role | NotAllowed:
    """The capacity in which an officer drafts: consuming departments for themselves, governance for anyone."""
    row = TABLE[None]
    held = [role for role in Role if role in actor.roles and DraftRequest in row.get(role, ())]
    if not held:
        return not_open()
    role = next((role for role in held if of_department(role, command.content, actor)), None)
    return content_is_sound(command.content, now) or role or _other_organisation()
