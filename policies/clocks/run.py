"""A running clock: when it ends, when to warn, and what is left, in working days and in words.

Days are those of China. The day on which a clock begins is not counted, nor the day on which it goes on after a pause;
the last day ends at midnight. A pause lasts while the one who waits is the one who asked: the clock of whoever must
answer stands still.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from kernel.dates import CHINA, local_day
from kernel.text import Text
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.profile import STAGES, Stage

WARNING_PERCENT, DEADLINE_PERCENT = 80, 100
"""When somebody above is told: four fifths of the time are used, and all of it."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stood still from ``began`` to ``ended``; None while it still does."""

    began: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A clock of one step: so many working ``days`` from ``began`` on. Pauses follow one another."""

    stage: Stage
    days: int
    began: datetime
    pauses: tuple[Pause, ...] = ()

    @property
    def is_paused(self) -> bool:
        """Whether it stands still now."""
        return bool(self.pauses) and self.pauses[-1].ended is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a clock stands. ``warning`` and ``deadline`` are instants; both None where a pause hides them.

    ``left`` counts working days, today among them; ``overdue`` those after the last day. ``provisional``: the deadline
    lies in a year whose holidays are not announced yet.
    """

    stage: Stage
    paused: bool
    warning: datetime | None
    deadline: datetime | None
    left: int
    overdue: int
    late: bool
    provisional: bool


def counting_days(run: Run, calendar: WorkingCalendar) -> Iterator[date]:
    """The days that count, one after the other; they end where a pause has not."""
    day = local_day(run.began)
    last = local_day(run.pauses[-1].began) if run.is_paused else date.max - _DAY
    still = [(local_day(pause.began), local_day(pause.ended)) for pause in run.pauses if pause.ended is not None]
    while day < last:
        day += _DAY
        if calendar.is_working(day) and not any(began < day <= ended for began, ended in still):
            yield day


def last_instant(began: datetime, days: int, calendar: WorkingCalendar) -> datetime:
    """The instant after so many working days, the day of ``began`` not counted."""
    day, left = local_day(began), days
    while left:
        day += _DAY
        left -= calendar.is_working(day)
    return _midnight(day + _DAY)


def deadline(run: Run, calendar: WorkingCalendar) -> datetime | None:
    """The instant after the last day; None while a pause hides it."""
    day = next(islice(counting_days(run, calendar), run.days - 1, None), None)
    return None if day is None else _midnight(day + _DAY)


def warning(run: Run, calendar: WorkingCalendar) -> datetime | None:
    """The beginning of the working day in which four fifths of the time are used up, or have been the day before.

    So a step of one day warns in the morning of that day, one of ten days on the ninth.
    """
    return reached(run, calendar, WARNING_PERCENT)


def reached(run: Run, calendar: WorkingCalendar, percent: int) -> datetime | None:
    """The beginning of the working day in which so much of the time is used up; None while a pause hides it."""
    used = run.days * percent // 100
    day = next(islice(counting_days(run, calendar), used, None), None)
    return None if day is None else _midnight(day)


def due(run: Run, calendar: WorkingCalendar) -> dict[int, datetime]:
    """The instants at which somebody above is told, by per cent; those that a pause hides are missing."""
    instants = {WARNING_PERCENT: warning(run, calendar), DEADLINE_PERCENT: deadline(run, calendar)}
    return {percent: instant for percent, instant in instants.items() if instant is not None}


def untold(run: Run | None, told: Collection[int], calendar: WorkingCalendar) -> tuple[tuple[int, datetime], ...]:
    """What somebody above has not been told yet: per cent and instant, the earlier first. None while no clock runs."""
    if run is None or run.is_paused:
        return ()
    return tuple((percent, at) for percent, at in due(run, calendar).items() if percent not in told)


def standing(run: Run, calendar: WorkingCalendar, now: datetime) -> Standing:
    """Where the clock stands now."""
    ends, today = deadline(run, calendar), local_day(now)
    late = ends is not None and now >= ends
    gone = sum(1 for _day in _before(run, calendar, today))
    last_day = None if ends is None else local_day(ends) - _DAY
    return Standing(
        stage=run.stage,
        paused=run.is_paused,
        warning=warning(run, calendar),
        deadline=ends,
        left=max(0, run.days - gone),
        overdue=calendar.working_days(last_day, today) if late and last_day is not None else 0,
        late=late,
        provisional=last_day is not None and last_day.year not in calendar.years,
    )


def _before(run: Run, calendar: WorkingCalendar, today: date) -> Iterator[date]:
    for day in islice(counting_days(run, calendar), run.days):
        if day >= today:
            return
        yield day


def in_words(here: Standing) -> Text:
    """What is left, for people."""
    step = STAGES[here.stage]
    if here.late:
        return Text(
            f"{step.zh}：已逾期 {here.overdue} 个工作日",
            f"{step.en}: overdue by {_days(here.overdue)}",
        )
    if here.paused:
        return Text(
            f"{step.zh}：等待补正，计时暂停，尚余 {here.left} 个工作日",
            f"{step.en}: waiting for a supplement, the clock stands still with {_days(here.left)} left",
        )
    if here.left <= 1:
        return Text(f"{step.zh}：余最后 1 个工作日", f"{step.en}: the last working day")
    return Text(f"{step.zh}：还剩 {here.left} 个工作日", f"{step.en}: {_days(here.left)} left")


def _days(count: int) -> str:
    return f"{count} working day" if count == 1 else f"{count} working days"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
