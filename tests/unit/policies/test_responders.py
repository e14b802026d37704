"""The life of a task: every cell of state × role × command, what no role can bend, clocks in days and hours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.canonical import decode, encode
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import Pause
from policies.proceedings import NotAllowed, course
from policies.proceedings import open_to as allowed
from policies.responders.clock import MOST_HOURS, Running, ServiceClock, days_left, due, left_in_words
from policies.responders.commands import (
    TABLE,
    AnswerTask,
    Command,
    CommandKind,
    EndTurn,
    FindNothing,
    GiveBackTask,
    HandOverTask,
    QuestionTask,
    RefuseTask,
    ReplyTask,
    TakeTask,
    WarnOfTask,
    WithdrawTask,
)
from policies.responders.document import facts, state_from_json, state_to_json
from policies.responders.lifecycle import asks, decide, is_at_work, open_to, opened, pending, reply_due, sees
from policies.responders.task import LIVING, Office, Status, TaskState, Wanted, evolve
from policies.roles import Officer, Role

NOW = datetime(2030, 12, 6, 2, tzinfo=UTC)  # a Friday, ten o'clock in China
CALENDAR = WorkingCalendar()
WANTED = Wanted(
    request="er_1",
    item=0,
    case="case_1",
    consumer="market",
    evidence_type="health-record",
    service_item="open-restaurant",
    legal_basis="rules",
    relation="employee",
    entry=7,
    fields=("holder",),
    predicates=("exists",),
    offices=(Office("clinic", "500199"), Office("hospital")),
    clock=ServiceClock(days=2),
    asked_by="shen",
)
NURSE = Officer("he", "clinic", frozenset({Role.PROVIDER_OFFICER}))
ASKER = Officer("shen", "market", frozenset({Role.CONSUMER_OFFICER}))
EXCHANGE = Officer("exchange", "", frozenset({Role.EXCHANGE}))
COMMANDS: dict[CommandKind, Command] = {
    TakeTask: TakeTask(),
    GiveBackTask: GiveBackTask(),
    HandOverTask: HandOverTask("演示"),
    AnswerTask: AnswerTask(),
    FindNothing: FindNothing(),
    RefuseTask: RefuseTask("演示", "演示第五条"),
    QuestionTask: QuestionTask(NOW),
    ReplyTask: ReplyTask(),
    WarnOfTask: WarnOfTask(80, NOW),
    EndTurn: EndTurn(NOW),
    WithdrawTask: WithdrawTask(),
}


def step(state: TaskState, command: Command, actor: Officer, at: datetime = NOW) -> TaskState:
    events = decide(command, state, actor, at)
    assert all(encode(facts(event)) for event in events)
    return [after for _, _, after in course(state, events, evolve)][-1]


def states() -> dict[Status, TaskState]:
    """One task in every state, each reached by commands."""
    waiting = evolve(None, opened("tk_1", WANTED, NOW))
    taken = step(waiting, TakeTask(), NURSE)
    last = replace(waiting, wanted=replace(WANTED, offices=WANTED.offices[:1]))
    return {
        Status.OPEN: waiting,
        Status.TAKEN: taken,
        Status.QUESTIONED: step(taken, COMMANDS[QuestionTask], NURSE),
        Status.ANSWERED: step(taken, AnswerTask(), NURSE),
        Status.NOT_FOUND: step(taken, FindNothing(), NURSE),
        Status.REFUSED: step(taken, COMMANDS[RefuseTask], NURSE),
        Status.TIMED_OUT: step(last, EndTurn(NOW), EXCHANGE),
        Status.WITHDRAWN: step(taken, WithdrawTask(), EXCHANGE),
    }


STATES = states()


def officer_of(role: Role) -> Officer:
    """The officer at work where it is the office's, somebody of the department in which the role counts elsewhere."""
    own = {Role.CONSUMER_OFFICER: "market", Role.SPONSOR: "market", Role.PROVIDER_OFFICER: "clinic"}
    return Officer("he", own.get(role, "data-office"), frozenset({role}))


@pytest.mark.parametrize(("status", "role"), [*product(Status, Role)])
def test_every_cell_of_the_table(status: Status, role: Role, record_property: Callable[[str, object], None]) -> None:
    record_property("cases", len(get_args(Command)))
    state, elsewhere = STATES[status], Officer("he", "elsewhere", frozenset({role}))
    for kind in get_args(Command):
        wanted = kind in TABLE[status].get(role, ())
        assert (kind in allowed(TABLE[status], (role,))) == wanted
        try:
            step(state, COMMANDS[kind], officer_of(role))
        except NotAllowed:
            assert not wanted, kind
        else:
            assert wanted, kind
        if role in {Role.PROVIDER_OFFICER, Role.CONSUMER_OFFICER}:
            with pytest.raises(NotAllowed):
                decide(COMMANDS[kind], state, elsewhere, NOW)


@pytest.mark.parametrize("state", STATES.values())
def test_a_state_is_read_as_it_was_written(state: TaskState) -> None:
    assert state_from_json(decode(encode(state_to_json(state)))) == state
    assert (pending(state, CALENDAR, NOW + timedelta(days=99)) is not None) or state.status not in LIVING


def refusal(state: TaskState, command: Command, actor: Officer, at: datetime = NOW) -> str:
    with pytest.raises(NotAllowed) as refused:
        decide(command, state, actor, at)
    return refused.value.code


def test_nobody_answers_their_own_asking_and_work_is_whose_took_it() -> None:
    own = replace(NURSE, id="shen")
    assert refusal(STATES[Status.OPEN], TakeTask(), own) == "task.same-person"
    assert "take" not in open_to(STATES[Status.OPEN], own)
    colleague = replace(NURSE, id="yu")
    for kind in (AnswerTask, FindNothing, RefuseTask, QuestionTask):
        assert refusal(STATES[Status.TAKEN], COMMANDS[kind], colleague) == "task.taken-by-another"
    assert step(STATES[Status.TAKEN], GiveBackTask(), colleague).taken_by == ""
    assert is_at_work(STATES[Status.TAKEN], NURSE)
    assert not is_at_work(STATES[Status.TAKEN], colleague)
    assert not is_at_work(STATES[Status.ANSWERED], NURSE)
    assert not is_at_work(STATES[Status.TAKEN], replace(NURSE, organisation="hospital"))
    assert not is_at_work(STATES[Status.TAKEN], replace(NURSE, roles=frozenset({Role.AUDITOR})))


def test_a_refusal_has_a_reason_and_a_provision() -> None:
    assert refusal(STATES[Status.TAKEN], RefuseTask(" ", "第五条"), NURSE) == "task.reason-missing"
    assert refusal(STATES[Status.TAKEN], RefuseTask("演示", ""), NURSE) == "task.citation-missing"
    assert refusal(STATES[Status.TAKEN], RefuseTask("演示", "第" * 1001), NURSE) == "task.citation-missing"


def test_a_substitute_has_a_clock_of_its_own_and_the_office_no_part_in_it_any_more() -> None:
    later = NOW + timedelta(days=1)
    handed = step(STATES[Status.TAKEN], HandOverTask("演示"), NURSE, later)
    assert (handed.office.organisation, handed.turn, handed.status, handed.told) == ("hospital", 1, Status.OPEN, ())
    assert handed.running.began == later
    assert refusal(handed, TakeTask(), NURSE, later) == "task.other-organisation"
    assert sees(handed, NURSE)
    assert not sees(STATES[Status.OPEN], replace(NURSE, organisation="hospital"))
    assert refusal(handed, HandOverTask("演示"), replace(NURSE, organisation="hospital"), later) == "task.no-substitute"


def test_time_warns_once_then_hands_over_then_ends() -> None:
    state, told = STATES[Status.OPEN], []
    at = NOW
    for _ in range(20):
        at += timedelta(days=1)
        while (command := pending(state, CALENDAR, at)) is not None:
            told.append(type(command).__name__)
            state = step(state, command, EXCHANGE, at)
            if state.status is Status.TIMED_OUT:
                break
        if state.status is Status.TIMED_OUT:
            break
    assert told == ["WarnOfTask", "EndTurn", "WarnOfTask", "EndTurn"]
    assert (state.turn, state.told) == (1, (80, 100))
    fresh = STATES[Status.OPEN]
    assert refusal(fresh, EndTurn(NOW + timedelta(days=9)), EXCHANGE) == "task.not-due"
    warned = step(fresh, WarnOfTask(80, NOW), EXCHANGE)
    assert refusal(warned, WarnOfTask(80, NOW), EXCHANGE) == "task.not-due"
    assert refusal(warned, TakeTask(), NURSE, NOW - timedelta(seconds=1)) == "task.clock-went-back"


def test_the_clock_stands_still_while_the_asking_department_is_asked() -> None:
    questioned = STATES[Status.QUESTIONED]
    assert due(questioned.running, CALENDAR) == {}
    assert asks(questioned, ASKER)
    monday = NOW + timedelta(days=3)
    going = step(questioned, ReplyTask(), ASKER, monday)
    assert (going.status, going.taken_by) == (Status.TAKEN, "he")
    untouched = due(STATES[Status.TAKEN].running, CALENDAR)[100]
    assert due(going.running, CALENDAR)[100] == untouched + timedelta(days=1)
    assert reply_due(NOW, CALENDAR).isoformat() == "2030-12-14T00:00:00+08:00"


@pytest.mark.parametrize("wrong", [{}, {"days": 1, "hours": 1}, {"days": -1}, {"hours": MOST_HOURS + 1}, {"days": 251}])
def test_a_clock_has_either_days_or_hours(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="either"):
        ServiceClock(**wrong)


def test_hours_are_those_of_working_days() -> None:
    running = Running(clock=ServiceClock(hours=24), began=NOW)
    assert due(running, CALENDAR)[100] == NOW + timedelta(days=3)  # Friday ten to Monday ten
    assert due(running, CALENDAR)[80] == NOW + timedelta(days=2, hours=19.2)
    assert left_in_words(running, CALENDAR, NOW).en == "24 working hours left"
    assert left_in_words(running, CALENDAR, NOW + timedelta(days=2)).en == "10 working hours left"
    assert left_in_words(running, CALENDAR, NOW + timedelta(days=3) - timedelta(minutes=1)).en == "1 working hour left"
    assert left_in_words(running, CALENDAR, NOW + timedelta(days=3)).zh == "已逾期"
    assert [days_left(running, CALENDAR, NOW + timedelta(days=days)) for days in (0, 1, 3)] == [2, 1, 0]
    monday = date(2030, 12, 9)
    holiday = WorkingCalendar(holidays=frozenset({monday}))
    assert due(running, holiday)[100] == NOW + timedelta(days=4)


@settings(max_examples=60)
@given(
    hours=st.integers(1, 100),
    start=st.integers(0, 14 * 24),
    pause=st.integers(0, 200),
    length=st.integers(0, 200),
)
def test_a_pause_never_brings_an_end_nearer_and_no_end_is_before_its_hours(
    hours: int, start: int, pause: int, length: int
) -> None:
    began = NOW + timedelta(hours=start)
    plain = Running(clock=ServiceClock(hours=hours), began=began)
    ends = due(plain, CALENDAR)
    assert began + timedelta(hours=hours) <= ends[100] <= began + timedelta(hours=hours, days=2 * (hours // 120 + 2))
    assert ends[80] <= ends[100]
    paused_at = began + timedelta(hours=min(pause, hours))
    paused = replace(plain, pauses=(Pause(paused_at, paused_at + timedelta(hours=length)),))
    later = due(paused, CALENDAR)[100]
    if paused_at < ends[100]:
        assert later >= ends[100]
