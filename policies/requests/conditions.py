"""What must hold before a command on a request takes effect: named conditions; each says nothing, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from kernel.dates import local_day
from kernel.text import Text
from policies.clocks.profile import ShareType
from policies.clocks.run import DEADLINE_PERCENT, WARNING_PERCENT
from policies.grants.conditions import acts_for, term_is_bounded
from policies.proceedings import Condition, Matter, NotAllowed, capacities, is_stated
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
from policies.requests.content import Circumstances, Content, needs_assessment
from policies.requests.events import RequestState, Seat, Status
from policies.roles import Officer, Role

MATTER = Matter("access-request", Text("申请", "request"))

READERS = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.AUDITOR})
"""Capacities that see every request; the departments see their own."""

BEFORE_THE_PROVIDER = frozenset({Status.DRAFTED, Status.SUBMITTED, Status.RETURNED})
"""States in which the provider was not asked yet, and sees nothing of a request."""


def capacity(kind: CommandKind, state: RequestState, actor: Officer) -> Role | None:
    """The capacity in which this officer may do this to this request; None for none. The table, organisation, authors.

    Governance officers write only what they drafted themselves, for many departments at once.
    """
    held = capacities(TABLE[state.status], kind, actor.roles)
    return next((role for role in held if _acts(role, kind, state, actor)), None)


def _acts(role: Role, kind: CommandKind, state: RequestState, actor: Officer) -> bool:
    if role is Role.GOVERNANCE_OFFICER and SEATS.get(kind) is Seat.AUTHOR:
        return actor.id in {name for name, _role in state.authors}
    return acts_for(role, actor, state.content.grant)


def sees(state: RequestState, actor: Officer) -> bool:
    """Whether this officer may read the request: governance, its own department, and the provider once it was asked."""
    if READERS & actor.roles:
        return True
    if actor.organisation == state.content.grant.consumer:
        return True
    return state.status not in BEFORE_THE_PROVIDER and actor.organisation == state.content.grant.provider


def open_to(state: RequestState, actor: Officer) -> tuple[str, ...]:
    """The commands this officer may give now, by their names: what a page offers and ``decide`` does not refuse."""
    kinds = (kind for kind in NAMES if capacity(kind, state, actor) is not None)
    return tuple(NAMES[kind] for kind in kinds if seat_is_free(kind, state, actor))


def is_open_to(command: Command, state: RequestState, actor: Officer, _now: datetime) -> NotAllowed | None:
    """By the table, in a capacity that this officer holds for this request."""
    kind: CommandKind = type(command)
    return MATTER.is_open(TABLE[state.status], kind, actor, lambda role: _acts(role, kind, state, actor))


def seat_is_free(kind: CommandKind, state: RequestState, actor: Officer) -> bool:
    """Nobody sits on both sides: whoever took one part in a request takes no part that stands against it."""
    wanted = SEATS.get(kind)
    held = {seat for seat, name in state.seats if name == actor.id} - {wanted}
    return wanted is None or all(frozenset({seat, wanted}) in COMPATIBLE for seat in held)


def keeps_to_the_seat(command: Command, state: RequestState, actor: Officer, _now: datetime) -> NotAllowed | None:
    """See ``seat_is_free``."""
    if seat_is_free(type(command), state, actor):
        return None
    return MATTER.refusal(
        "other-side",
        Text(
            "同一人不能在同一申请中先后处于对立的位置",
            "One person does not act on opposing sides of one request",
        ),
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
        return MATTER.refusal(
            "other-request",
            Text("修改不能改变申请编号或需求部门", "A revision keeps the request and the department that asks"),
        )
    return content_is_sound(command.content, now)


def _is_sound(_command: Command, state: RequestState, _actor: Officer, now: datetime) -> NotAllowed | None:
    return content_is_sound(state.content, now)


def _is_shared_at_all(
    command: SubmitRequest, _state: RequestState, _actor: Officer, _now: datetime
) -> NotAllowed | None:
    return _not_shared(command.circumstances)


def _not_shared(circumstances: Circumstances) -> NotAllowed | None:
    if circumstances.share_type is not ShareType.NOT_SHARED:
        return None
    return MATTER.refusal("not-shared", Text("该资源依法不予共享", "The law says that this resource is not shared"))


def _is_still_shared(command: AcceptRequest | ApproveRequest | OverturnRefusal, *_rest: object) -> NotAllowed | None:
    """The catalogue may have changed since it was handed in."""
    found = command.found
    if not isinstance(found, Text):
        return _not_shared(found)
    return MATTER.refusal(
        "catalogue-changed", Text(f"与现行目录不符：{found.zh}", f"It does not fit the catalogue of now: {found.en}")
    )


def not_granted(refusal: NotAllowed) -> NotAllowed:
    """The form check would hand in the grant, which is refused: then the form is not in order (ADR 0092)."""
    return NotAllowed(
        refusal.code,
        Text(
            f"形式审查通过即提交授权，而授权不能提交，请退回补正：{refusal.reason.zh}",
            "The form check hands in the grant, which cannot be handed in: return the request for a supplement."
            f" {refusal.reason.en}",
        ),
    )


def _is_still_assessed(
    command: AcceptRequest, state: RequestState, _actor: Officer, _now: datetime
) -> NotAllowed | None:
    """What became sensitive since it was handed in goes back for its assessment."""
    found, content = command.found, state.content
    if isinstance(found, Text) or content.assessment or not needs_assessment(content, found.sensitivity):
        return None
    return MATTER.refusal(
        "assessment-due",
        Text(
            "所申请内容现已属敏感信息，请退回补正影响评估（个人信息保护法第五十五条）",
            "What is asked for is sensitive now: return it for its impact assessment (PIPL art. 55)",
        ),
    )


def _is_assessed(command: SubmitRequest, state: RequestState, _actor: Officer, now: datetime) -> NotAllowed | None:
    assessment = state.content.assessment
    if assessment is None:
        if not needs_assessment(state.content, command.circumstances.sensitivity):
            return None
        return MATTER.refusal(
            "assessment-missing",
            Text(
                "涉及敏感个人信息或向他人提供的，须附个人信息保护影响评估（个人信息保护法第五十五条）",
                "Sensitive information, or passing it on, needs an impact assessment (PIPL art. 55)",
            ),
        )
    if assessment.assessed_on > local_day(now):
        return MATTER.refusal(
            "assessment-in-future",
            Text("影响评估的日期不能晚于今天", "The impact assessment is dated in the future"),
        )
    return None


def _says_what_was_found(command: MediateRequest, *_rest: object) -> NotAllowed | None:
    return None if is_stated(command.finding) else MATTER.reason_missing()


def _cites_a_rule(command: RefuseRequest | UpholdRefusal | OverturnRefusal, *_rest: object) -> NotAllowed | None:
    """A refusal is reasoned in writing; so is the ruling on it."""
    if is_stated(command.citation):
        return None
    return MATTER.refusal(
        "citation-missing",
        Text("须引用所依据的法律法规条款", "Cite the rule this stands on"),
    )


def _is_due(command: EscalateRequest, state: RequestState, _actor: Officer, now: datetime) -> NotAllowed | None:
    runs = state.clock is not None and not state.clock.is_paused
    is_known = command.percent in {WARNING_PERCENT, DEADLINE_PERCENT} - state.told
    if runs and is_known and now >= command.due:
        return None
    return MATTER.refusal(
        "not-due", Text("尚未到督办时点，或已督办", "It is not time to escalate, or it was done already")
    )


CONDITIONS: Mapping[CommandKind, tuple[Condition[RequestState], ...]] = {
    ReviseRequest: (_is_of_this_request,),
    SubmitRequest: (_is_sound, _is_shared_at_all, _is_assessed),
    ReturnRequest: (MATTER.gives_a_reason,),
    AcceptRequest: (_is_sound, _is_still_shared, _is_still_assessed),
    ApproveRequest: (_is_sound, _is_still_shared),
    RefuseRequest: (_cites_a_rule, MATTER.gives_a_reason),
    DisputeRequest: (MATTER.gives_a_reason,),
    NegotiateRequest: (),
    MediateRequest: (_says_what_was_found,),
    UpholdRefusal: (_cites_a_rule,),
    OverturnRefusal: (_cites_a_rule, _is_sound, _is_still_shared),
    WithdrawRequest: (),
    FulfilRequest: (),
    LapseRequest: (),
    EscalateRequest: (_is_due,),
}
"""Beyond the table of states and roles, in the order in which a refusal names them."""


def may_draft(command: DraftRequest, actor: Officer, now: datetime) -> Role | NotAllowed:
    """The capacity in which an officer drafts: consuming departments for themselves, governance for anyone."""
    held = capacities(TABLE[None], DraftRequest, actor.roles)
    if not held:
        return MATTER.not_open()
    role = next((role for role in held if acts_for(role, actor, command.content.grant)), None)
    return content_is_sound(command.content, now) or role or MATTER.other_organisation()
