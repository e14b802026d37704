"""The service clock of an office: when it is warned, when its time is over, and what is left, in words.

A clock in days is one of ``policies.clocks``. One in hours counts the hours of working days only: what is asked on a
Friday at four and has 24 hours is due on Monday at four. While the office waits for whoever asked, it stands still.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from kernel.dates import CHINA, local_day
from kernel.text import Text
from policies.clocks import run
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.profile import MOST_DAYS, Stage
from policies.clocks.run import DEADLINE_PERCENT, WARNING_PERCENT, Pause, Run

MOST_HOURS = 480
"""Of one office: what takes longer is counted in working days."""
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceClock:
    """How long an office has: so many working ``days``, or so many ``hours`` of working days. Raises ValueError."""

    days: int = 0
    hours: int = 0

    def __post_init__(self) -> None:
        in_days, in_hours = 0 < self.days <= MOST_DAYS, 0 < self.hours <= MOST_HOURS
        if in_days == in_hours or (self.days and self.hours):
            raise ValueError("a service clock has either days or hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service clock since ``began``; pauses follow one another."""

    clock: ServiceClock
    began: datetime
    pauses: tuple[Pause, ...] = ()

    @property
    def is_paused(self) -> bool:
        """Whether it stands still now."""
        return bool(self.pauses) and self.pauses[-1].ended is None


def due(running: Running, calendar: WorkingCalendar) -> dict[int, datetime]:
    """The instants at which somebody is told, by per cent of the time; those that a pause hides are missing."""
    if running.is_paused:
        return {}
    if running.clock.days:
        return run.due(_in_days(running), calendar)
    whole = timedelta(hours=running.clock.hours)
    return {
        percent: _after(running, whole * percent / DEADLINE_PERCENT, calendar)
        for percent in (WARNING_PERCENT, DEADLINE_PERCENT)
    }


def left_in_words(running: Running, calendar: WorkingCalendar, now: datetime) -> Text:
    """What is left, for people."""
    if running.is_paused:
        return Text("已退问，计时暂停", "Asked back, the clock stands still")
    ends = due(running, calendar)[DEADLINE_PERCENT]
    if now >= ends:
        return Text("已逾期", "Overdue")
    left, unit = days_left(running, calendar, now), Text("个工作日", "working day")
    if running.clock.hours:
        left, unit = _hours_left(running, calendar, now), Text("小时", "working hour")
    plural = "" if left == 1 else "s"
    return Text(f"还剩 {left} {unit.zh}", f"{left} {unit.en}{plural} left")


def days_left(running: Running, calendar: WorkingCalendar, now: datetime) -> int:
    """Working days left, today among them; 0 when the time is over or the clock stands still."""
    ends = due(running, calendar).get(DEADLINE_PERCENT)
    if ends is None or now >= ends:
        return 0
    if running.clock.days:
        return run.standing(_in_days(running), calendar, now).left
    today, last = local_day(now), local_day(ends - timedelta(microseconds=1))
    return max(1, calendar.working_days(today, last) + calendar.is_working(today))


def _in_days(running: Running) -> Run:
    return Run(stage=Stage.EVIDENCE_ANSWER, days=running.clock.days, began=running.began, pauses=running.pauses)


def _after(running: Running, span: timedelta, calendar: WorkingCalendar) -> datetime:
    """The instant at which so much working time has gone by."""
    for began, ended in _worked(running, calendar):
        if ended is None or ended - began >= span:
            return began + span
        span -= ended - began
    raise AssertionError("working time does not end")


def _hours_left(running: Running, calendar: WorkingCalendar, now: datetime) -> int:
    """Rounded up: nobody is told that nothing is left while something is."""
    gone = timedelta()
    for began, ended in _worked(running, calendar):
        if began >= now:
            break
        gone += min(now, ended) - began if ended is not None else now - began
    return max(1, -((gone - timedelta(hours=running.clock.hours)) // _HOUR))


def _worked(running: Running, calendar: WorkingCalendar) -> Iterator[tuple[datetime, datetime | None]]:
    """The stretches of working days that count, one after the other, pauses left out; they do not end."""
    at = running.began
    for pause in running.pauses:
        yield from _days_between(at, pause.began, calendar)
        at = pause.ended or pause.began
    yield from _days_between(at, None, calendar)


def _days_between(
    start: datetime, end: datetime | None, calendar: WorkingCalendar
) -> Iterator[tuple[datetime, datetime]]:
    at = start
    while end is None or at < end:
        midnight = datetime.combine(local_day(at) + _DAY, time(), CHINA)
        until = midnight if end is None else min(midnight, end)
        if calendar.is_working(local_day(at)):
            yield at, until
        at = midnight
