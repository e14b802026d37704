"""Laws of the legal clocks, over the real tables of 2025 and 2026 and over calendars nobody would announce.

The cases are drawn by a seeded generator of our own: ten thousand a law cost a second, where hypothesis takes half a
minute. A failing case is shown with its values.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest

from exchange.clocks.rules import shipped
from kernel.dates import CHINA, local_day
from policies.clocks.calendar import WorkingCalendar, is_weekend
from policies.clocks.document import table_from_json
from policies.clocks.profile import Stage
from policies.clocks.run import Pause, Run, deadline, standing, warning
from tests.cases import seeds, sized

CASES, OF_A_SEED = sized(10_000, 1_000_000), 1_000
REAL = WorkingCalendar.of(map(table_from_json, shipped("calendar")), date(2026, 11, 28))
FIRST = date(2025, 1, 1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Case:
    """A clock, the calendar it is counted by, a day, and an instant."""

    run: Run
    calendar: WorkingCalendar
    day: date
    now: datetime
    hours: int


def cases(start: int) -> Iterator[Case]:
    for seed in seeds(-(-CASES // OF_A_SEED), start):
        draw = random.Random(seed)
        yield from (drawn(draw) for _ in range(OF_A_SEED))


def drawn(draw: random.Random) -> Case:
    began = datetime(2025, 1, 1, tzinfo=CHINA) + draw.randrange(600 * 24) * HOUR
    return Case(
        Run(
            stage=Stage.PROVIDER_ANSWER,
            days=draw.choice((1, 2, 5, 10, 20)),
            began=began,
            pauses=pauses(draw, began),
        ),
        calendar(draw, began.date()),
        began.date() + timedelta(days=draw.randrange(60)),
        began + draw.randrange(60 * 24) * HOUR,
        draw.randrange(500),
    )


def pauses(draw: random.Random, began: datetime) -> tuple[Pause, ...]:
    """Up to two, one after the other."""
    found, at = [], began
    for _ in range(draw.randrange(3)):
        start = at + draw.randrange(200) * HOUR
        at = start + draw.randrange(300) * HOUR
        found.append(Pause(start, at))
    return tuple(found)


def calendar(draw: random.Random, near: date) -> WorkingCalendar:
    """The real one, or one with some days more and less near this one."""
    if draw.random() < 0.5:
        return REAL
    days = {near + timedelta(days=draw.randrange(40)) for _ in range(draw.randrange(8))}
    free = {day for day in days if draw.random() < 0.5}
    worked = {day for day in days - free if is_weekend(day)}
    return WorkingCalendar((REAL.holidays - worked) | free, (REAL.workdays - free) | worked, REAL.years)


def ends(run: Run, by: WorkingCalendar) -> datetime:
    found = deadline(run, by)
    assert found is not None
    return found


def later_begun_and_longer_clocks_never_end_earlier(case: Case) -> None:
    plain = replace(case.run, pauses=())
    assert ends(replace(plain, days=plain.days + 1 + case.hours % 20), case.calendar) > ends(plain, case.calendar)
    assert ends(replace(plain, began=plain.began + case.hours * HOUR), case.calendar) >= ends(plain, case.calendar)


def pausing_never_shortens(case: Case) -> None:
    run, end = case.run, ends(case.run, case.calendar)
    for kept in range(len(run.pauses)):
        assert end >= ends(replace(run, pauses=run.pauses[:kept]), case.calendar)
    if run.pauses:
        last = run.pauses[-1]
        longer = (*run.pauses[:-1], replace(last, ended=last.began + (last.ended - last.began) + case.hours * HOUR))  # type: ignore[operator]
        assert ends(replace(run, pauses=longer), case.calendar) >= end


def a_holiday_more_never_brings_anything_forward_and_a_make_up_day_never_puts_it_off(case: Case) -> None:
    run, by, day = case.run, case.calendar, {case.day}
    freer = replace(by, holidays=by.holidays | day, workdays=by.workdays - day)
    assert ends(run, freer) >= ends(run, by)
    before, after = warning(run, by), warning(run, freer)
    assert before is not None
    assert after is not None
    assert after >= before
    if is_weekend(case.day):
        busier = replace(by, holidays=by.holidays - day, workdays=by.workdays | day)
        assert ends(run, busier) <= ends(run, by)


def what_is_left_never_grows_and_is_nothing_exactly_when_it_is_late(case: Case) -> None:
    run = case.run
    if run.pauses and case.hours % 3 == 0:
        run = replace(run, pauses=(*run.pauses[:-1], Pause(run.pauses[-1].began)))
    here = standing(run, case.calendar, case.now)
    later = standing(run, case.calendar, case.now + case.hours * HOUR)
    assert 0 <= later.left <= here.left <= run.days
    assert later.overdue >= here.overdue
    assert later.late >= here.late
    assert here.late == (here.left == 0 and not (here.paused and here.deadline is None))
    if here.deadline is None:
        assert here.paused
        return
    assert here.warning is not None
    assert here.warning < here.deadline
    assert run.began < here.deadline
    assert case.calendar.is_working(local_day(here.deadline - HOUR))
    assert case.calendar.is_working(local_day(here.warning))


def between_beginning_and_end_lie_exactly_the_days_of_the_profile(case: Case) -> None:
    """An independent count: day by day over the real tables."""
    last = local_day(ends(replace(case.run, pauses=()), REAL) - HOUR)
    seen, day = 0, local_day(case.run.began)
    while day < last:
        day += timedelta(days=1)
        seen += day in REAL.workdays or (day.isoweekday() < 6 and day not in REAL.holidays)
    assert seen == case.run.days


LAWS = (
    later_begun_and_longer_clocks_never_end_earlier,
    pausing_never_shortens,
    a_holiday_more_never_brings_anything_forward_and_a_make_up_day_never_puts_it_off,
    what_is_left_never_grows_and_is_nothing_exactly_when_it_is_late,
    between_beginning_and_end_lie_exactly_the_days_of_the_profile,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Callable[[Case], None], record_property: Callable[[str, object], None]) -> None:
    tried = 0
    for case in cases(20251001):
        law(case)
        tried += 1
    record_property("cases", tried)
