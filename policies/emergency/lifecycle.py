"""The life of an opening: a command, the state, who asks and when → events, or a refusal that says why. Pure.

Two persons of the consuming department: an officer or sponsor asks, another sponsor opens. Nobody of that department
reviews. What a clock that ran backwards would undo is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from kernel.text import Text
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import last_instant
from policies.conditions import LONGEST_REASON, NotAllowed
from policies.emergency.commands import (
    NAMES,
    TABLE,
    AskEmergency,
    Circumstances,
    CloseEmergency,
    Command,
    CommandKind,
    DeclineEmergency,
    ExpireEmergency,
    OpenEmergency,
    ReviewEmergency,
    TellOverdue,
    allowed,
)
from policies.emergency.opening import (
    Asked,
    EmergencyAsked,
    EmergencyClosed,
    EmergencyDeclined,
    EmergencyEnded,
    EmergencyEvent,
    EmergencyLapsed,
    EmergencyOpened,
    EmergencyReviewed,
    EmergencyReviewOverdue,
    EmergencyState,
    Status,
)
from policies.grant import LONGEST_OPENING
from policies.roles import Officer, Role

WAITS = timedelta(hours=4)
"""What is not opened within this time after it was asked for lapses: it was no emergency."""

REVIEW_DAYS = 3
"""Working days after the day of the opening by whose end it is reviewed."""

READERS = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.DATA_PROTECTION_OFFICER, Role.AUDITOR})
"""Capacities that see every opening; departments see those that concern their own."""

Events = tuple[EmergencyEvent, ...]
Condition = Callable[[Any, EmergencyState, Officer, datetime], NotAllowed | None]


def review_due(state: EmergencyState, calendar: WorkingCalendar) -> datetime | None:
    """The instant by which its review is done; None for what was never opened."""
    return None if state.opened_at is None else last_instant(state.opened_at, REVIEW_DAYS, calendar)


def is_overdue(state: EmergencyState, calendar: WorkingCalendar, now: datetime) -> bool:
    """Whether its review should have been done by now, and was not."""
    due = review_due(state, calendar)
    return state.status in {Status.OPEN, Status.ENDED} and due is not None and now >= due


def sees(state: EmergencyState, actor: Officer) -> bool:
    """Whether this officer may read of it: governance, and the two departments it concerns."""
    if READERS & actor.roles:
        return True
    return actor.organisation in {state.asked.consumer, state.asked.provider}


def open_to(state: EmergencyState, actor: Officer) -> tuple[str, ...]:
    """The commands this officer may give now, by their names: what a page offers."""
    kinds = (kind for kind in NAMES if capacity(kind, state, actor) is not None)
    return tuple(NAMES[kind] for kind in kinds if _by_another(kind, state, actor) is None)


def capacity(kind: CommandKind, state: EmergencyState, actor: Officer) -> Role | None:
    """The capacity in which this officer may do this to this opening; None for none."""
    row = TABLE[state.status]
    held = (role for role in Role if role in actor.roles and kind in row.get(role, ()))
    return next((role for role in held if _of_department(role, state.asked, actor)), None)


def _of_department(role: Role, asked: Asked, actor: Officer) -> bool:
    if role is Role.PROVIDER_OFFICER:
        return actor.organisation == asked.provider
    if role in {Role.CONSUMER_OFFICER, Role.SPONSOR}:
        return actor.organisation == asked.consumer
    return True


def decide(command: Command, state: EmergencyState | None, actor: Officer, now: datetime) -> Events:
    """The events that follow from a command. ``state`` is None for an opening that was not asked for yet.

    Raises NotAllowed, and nothing has happened then.
    """
    if isinstance(command, AskEmergency):
        return _ask(command, state, actor, now)
    if state is None:
        raise NotAllowed("emergency.unknown", Text("没有这一应急取用", "There is no such opening"))
    for condition in (_is_open_to, _is_by_another, _time_goes_on, *_CONDITIONS[type(command)]):
        if (refusal := condition(command, state, actor, now)) is not None:
            raise refusal
    role = capacity(type(command), state, actor)
    if role is None:
        raise AssertionError("checked before")
    return (_OUTCOMES[type(command)](command, state, (actor.id, now, role)),)


def _ask(command: AskEmergency, state: EmergencyState | None, actor: Officer, now: datetime) -> Events:
    if state is not None:
        raise NotAllowed("emergency.exists", Text("已经申请过", "It was asked for already"))
    row = TABLE[None]
    held = [role for role in Role if role in actor.roles and AskEmergency in row.get(role, ())]
    if not held:
        raise _not_open()
    role = next((role for role in held if _of_department(role, command.asked, actor)), None)
    if role is None:
        raise _other_organisation()
    refusal = _says_why(command.asked.reason) or _may_go_on(command.circumstances)
    if refusal is not None:
        raise refusal
    return (EmergencyAsked(actor.id, now, role, command.id, command.asked),)


def _not_open() -> NotAllowed:
    return NotAllowed(
        "emergency.not-allowed",
        Text("此角色在应急取用的现状态下不能作此操作", "This role may not do that in the present state of the opening"),
    )


def _other_organisation() -> NotAllowed:
    return NotAllowed(
        "emergency.other-organisation",
        Text("该应急取用不属于您所在的机构", "The opening does not concern your organisation"),
    )


def _is_open_to(command: Command, state: EmergencyState, actor: Officer, _now: datetime) -> NotAllowed | None:
    kind: CommandKind = type(command)
    if kind not in allowed(state.status, actor.roles):
        return _not_open()
    return None if capacity(kind, state, actor) is not None else _other_organisation()


def _is_by_another(command: Command, state: EmergencyState, actor: Officer, _now: datetime) -> NotAllowed | None:
    return _by_another(type(command), state, actor)


def _by_another(kind: CommandKind, state: EmergencyState, actor: Officer) -> NotAllowed | None:
    """Two persons: nobody opens what they asked for; and whoever had a part in it reviews nothing."""
    if kind is OpenEmergency and actor.id == state.asked_by:
        return NotAllowed(
            "emergency.same-person",
            Text("申请人不能自己开启，须由第二人开启", "Nobody opens what they asked for: it takes a second person"),
        )
    involved = actor.id in {state.asked_by, state.opened_by} or actor.organisation == state.asked.consumer
    if kind is ReviewEmergency and involved:
        return NotAllowed(
            "emergency.not-independent",
            Text(
                "审查人不能是申请人、开启人或需求部门的人员",
                "Whoever asked, opened, or is of the consuming department does not review it",
            ),
        )
    return None


def _time_goes_on(_command: Command, state: EmergencyState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now >= state.changed_at:
        return None
    return NotAllowed(
        "emergency.clock-went-back",
        Text("时钟早于上一次变更，未作处理", "The clock is before the last change; nothing was done"),
    )


def _may_go_on(circumstances: Circumstances) -> NotAllowed | None:
    if circumstances.overdue:
        named = ", ".join(circumstances.overdue)
        return NotAllowed(
            "emergency.review-overdue",
            Text(
                f"本部门有逾期未审查的应急取用，不能再开启：{named}", f"Reviews of your department are overdue: {named}"
            ),
        )
    if not circumstances.in_force:
        return NotAllowed(
            "emergency.template-not-in-force",
            Text("该应急模板不在有效期内，或已暂停、撤销、被取代", "The template is not in force"),
        )
    return None


def _is_asked_lately(_command: Command, state: EmergencyState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now < state.asked_at + WAITS:
        return None
    return NotAllowed(
        "emergency.lapsed",
        Text(
            "申请后四小时内未开启，已失效，请重新申请", "It was not opened within four hours and has lapsed: ask again"
        ),
    )


def _is_over(_command: Command, state: EmergencyState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now >= (state.asked_at + WAITS if state.ends is None else state.ends):
        return None
    return NotAllowed("emergency.not-over", Text("尚未到期", "Its time has not run out yet"))


def _is_due(command: TellOverdue, state: EmergencyState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if not state.told and now >= command.due:
        return None
    return NotAllowed("emergency.not-due", Text("审查尚未逾期，或已督办", "The review is not overdue, or was told of"))


def _says_why(text: str) -> NotAllowed | None:
    if 0 < len(text.strip()) <= LONGEST_REASON:
        return None
    return NotAllowed(
        "emergency.reason-missing",
        Text(f"须写明理由（不超过 {LONGEST_REASON} 字）", f"State a reason, at most {LONGEST_REASON} characters"),
    )


_CONDITIONS: Mapping[CommandKind, tuple[Condition, ...]] = {
    OpenEmergency: (_is_asked_lately, lambda command, *_rest: _may_go_on(command.circumstances)),
    DeclineEmergency: (lambda command, *_rest: _says_why(command.reason),),
    CloseEmergency: (lambda command, *_rest: _says_why(command.reason),),
    ExpireEmergency: (_is_over,),
    TellOverdue: (_is_due,),
    ReviewEmergency: (lambda command, *_rest: _says_why(command.words),),
}
"""Beyond the table of states and roles, in the order in which a refusal names them."""

Done = tuple[str, datetime, Role]


def _opened(_command: OpenEmergency, state: EmergencyState, done: Done) -> EmergencyEvent:
    minutes = min(state.asked.minutes, LONGEST_OPENING)
    return EmergencyOpened(*done, done[1] + timedelta(minutes=minutes))


def _expired(_command: ExpireEmergency, state: EmergencyState, done: Done) -> EmergencyEvent:
    return EmergencyLapsed(*done) if state.status is Status.ASKED else EmergencyEnded(*done)


_OUTCOMES: Mapping[CommandKind, Callable[[Any, EmergencyState, Done], EmergencyEvent]] = {
    OpenEmergency: _opened,
    DeclineEmergency: lambda command, _state, done: EmergencyDeclined(*done, command.reason),
    CloseEmergency: lambda command, _state, done: EmergencyClosed(*done, command.reason),
    ExpireEmergency: _expired,
    TellOverdue: lambda command, _state, done: EmergencyReviewOverdue(*done, command.due),
    ReviewEmergency: lambda command, _state, done: EmergencyReviewed(*done, command.finding, command.words),
}
