"""What a change of the rules would do, before it is written: to clocks that run, and to the days of each step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from policies.clocks.calendar import CalendarTable, WorkingCalendar
from policies.clocks.profile import RULED, ShareType, SlaProfile, Stage
from policies.clocks.run import Run, deadline


@dataclass(frozen=True, slots=True)
class Moved:
    """The deadline of a clock that runs (the instant after its last day), by the rules there are and the proposed."""

    before: datetime
    after: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """The working days of one step, by the version there is (None: no clock) and by the proposed one."""

    stage: Stage
    share_type: ShareType
    published: bool
    before: int | None
    after: int | None


def calendars(
    tables: Iterable[CalendarTable], proposed: CalendarTable, today: date
) -> tuple[WorkingCalendar, WorkingCalendar]:
    """The calendar of the day from which the proposed table counts, without it and with it."""
    every, on = tuple(tables), max(proposed.effective_from, today)
    return WorkingCalendar.of(every, on), WorkingCalendar.of((*every, proposed), on)


def moved(run: Run, before: WorkingCalendar, after: WorkingCalendar) -> Moved | None:
    """How a running clock's deadline moves between calendars; None where it does not, or a pause hides it."""
    old, new = deadline(run, before), deadline(run, after)
    return None if old is None or new is None or old == new else Moved(old, new)


def steps_changed(before: SlaProfile | None, after: SlaProfile) -> tuple[Step, ...]:
    """The steps to which the proposed version gives other days than the one there is."""
    every = (
        Step(stage, kind, published, _days(before, stage, kind, published), _days(after, stage, kind, published))
        for stage in RULED
        for kind in ShareType
        for published in (True, False)
    )
    return tuple(step for step in every if step.before != step.after)


def joined(steps: Iterable[Step]) -> tuple[tuple[Step, bool], ...]:
    """The steps once where it makes no difference whether the resource is published; the second says that it does."""
    found = tuple(steps)
    either = {step for step in found if replace(step, published=not step.published) in found}
    return tuple((step, step not in either) for step in found if step.published or step not in either)


def _days(profile: SlaProfile | None, stage: Stage, kind: ShareType, published: bool) -> int | None:
    return None if profile is None else profile.days(stage, kind, published=published)
