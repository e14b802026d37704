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
from policies.grants.terms import LONGEST_OPENING
from policies.proceedings import Condition, Matter, NotAllowed, capacities, is_stated, require
from policies.roles import Officer, Role

MATTER = Matter("emergency", Text("应急取用", "opening of emergency access"))

WAITS = timedelta(hours=4)
"""What is not opened within this time after it was asked for lapses: it was no emergency."""

REVIEW_DAYS = 3
"""Working days after the day of the opening by whose end it is reviewed."""

READERS = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.DATA_PROTECTION_OFFICER, Role.AUDITOR})
"""Capacities that see every opening; departments see those that concern their own."""

Events = tuple[EmergencyEvent, ...]


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
    held = capacities(TABLE[state.status], kind, actor.roles)
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
        raise MATTER.unknown()
    conditions = (_is_open_to, _is_by_another, MATTER.time_goes_on, *_CONDITIONS[type(command)])
    require(conditions, command, state, actor, now)
    role = capacity(type(command), state, actor)
    if role is None:
        raise AssertionError("checked before")
    return (_OUTCOMES[type(command)](command, state, (actor.id, now, role)),)


def _ask(command: AskEmergency, state: EmergencyState | None, actor: Officer, now: datetime) -> Events:
    if state is not None:
        raise MATTER.refusal("exists", Text("已经申请过", "It was asked for already"))
    held = capacities(TABLE[None], AskEmergency, actor.roles)
    if not held:
        raise MATTER.not_open()
    role = next((role for role in held if _of_department(role, command.asked, actor)), None)
    if role is None:
        raise MATTER.other_organisation()
    silent = None if is_stated(command.asked.reason) else MATTER.reason_missing()
    if (refusal := silent or _may_go_on(command.circumstances)) is not None:
        raise refusal
    return (EmergencyAsked(actor.id, now, role, command.id, command.asked),)


def _is_open_to(command: Command, state: EmergencyState, actor: Officer, _now: datetime) -> NotAllowed | None:
    kind: CommandKind = type(command)
    return MATTER.is_open(TABLE[state.status], kind, actor, lambda role: _of_department(role, state.asked, actor))


def _is_by_another(command: Command, state: EmergencyState, actor: Officer, _now: datetime) -> NotAllowed | None:
    return _by_another(type(command), state, actor)


def _by_another(kind: CommandKind, state: EmergencyState, actor: Officer) -> NotAllowed | None:
    """Two persons: nobody opens what they asked for; and whoever had a part in it reviews nothing."""
    if kind is OpenEmergency and actor.id == state.asked_by:
        return MATTER.refusal(
            "same-person",
            Text("申请人不能自己开启，须由第二人开启", "Nobody opens what they asked for: it takes a second person"),
        )
    involved = actor.id in {state.asked_by, state.opened_by} or actor.organisation == state.asked.consumer
    if kind is ReviewEmergency and involved:
        return MATTER.refusal(
            "not-independent",
            Text(
                "审查人不能是申请人、开启人或需求部门的人员",
                "Whoever asked, opened, or is of the consuming department does not review it",
            ),
        )
    return None


def _may_go_on(circumstances: Circumstances) -> NotAllowed | None:
    if circumstances.overdue:
        named = ", ".join(circumstances.overdue)
        return MATTER.refusal(
            "review-overdue",
            Text(
                f"本部门有逾期未审查的应急取用，不能再开启：{named}", f"Reviews of your department are overdue: {named}"
            ),
        )
    if circumstances.unreviewed:
        named = ", ".join(circumstances.unreviewed)
        return MATTER.refusal(
            "review-first",
            Text(
                f"同一办件、同一模板的上一次开启尚未审查，须先由审查人审查：{named}",
                f"An earlier opening of this template for this case waits for its reviewer: {named}",
            ),
        )
    if not circumstances.in_force:
        return MATTER.refusal(
            "template-not-in-force",
            Text("该应急模板不在有效期内，或已暂停、撤销、被取代", "The template is not in force"),
        )
    return None


def _is_asked_lately(_command: Command, state: EmergencyState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now < state.asked_at + WAITS:
        return None
    return MATTER.refusal(
        "lapsed",
        Text(
            "申请后四小时内未开启，已失效，请重新申请", "It was not opened within four hours and has lapsed: ask again"
        ),
    )


def _is_over(_command: Command, state: EmergencyState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if now >= (state.asked_at + WAITS if state.ends is None else state.ends):
        return None
    return MATTER.refusal("not-over", Text("尚未到期", "Its time has not run out yet"))


def _is_due(command: TellOverdue, state: EmergencyState, _actor: Officer, now: datetime) -> NotAllowed | None:
    if not state.told and now >= command.due:
        return None
    return MATTER.refusal("not-due", Text("审查尚未逾期，或已督办", "The review is not overdue, or was told of"))


def _finds_words_for_it(command: ReviewEmergency, *_rest: object) -> NotAllowed | None:
    return None if is_stated(command.words) else MATTER.reason_missing()


_CONDITIONS: Mapping[CommandKind, tuple[Condition[EmergencyState], ...]] = {
    OpenEmergency: (_is_asked_lately, lambda command, *_rest: _may_go_on(command.circumstances)),
    DeclineEmergency: (MATTER.gives_a_reason,),
    CloseEmergency: (MATTER.gives_a_reason,),
    ExpireEmergency: (_is_over,),
    TellOverdue: (_is_due,),
    ReviewEmergency: (_finds_words_for_it,),
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
