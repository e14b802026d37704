"""How long an item waits before it ends by itself: for a person of the provider, for a preview, for a slow source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from exchange.requests import rules
from exchange.store.waiting import FOR_PEOPLE, Wait
from kernel.database import Database
from kernel.dates import CHINA, local_day
from policies.clocks.calendar import WorkingCalendar

PERSON_WORKING_DAYS = 20
"""For somebody at the provider to answer; the day of the request is not counted, the last day ends at midnight."""
PREVIEW_DAYS = 7
"""For a person to look at what would be provided, or to answer further questions."""
SOURCE_HOURS = 24
"""For a source to give an answer that is wanted later."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """Knows the working days, which are read only when something has to wait."""

    database: Database

    def until(self, wait: Wait, now: datetime) -> datetime:
        """When an item that begins to wait now ends by itself."""
        if wait in FOR_PEOPLE:
            return now + timedelta(days=PREVIEW_DAYS)
        if wait is Wait.SOURCE:
            return now + timedelta(hours=SOURCE_HOURS)
        today = local_day(now)
        with self.database.read() as connection:
            calendar = rules.read(connection).calendar(today)
        last = _after(today, PERSON_WORKING_DAYS, calendar)
        return datetime.combine(last + _DAY, time(), CHINA)


def _after(day: date, working_days: int, calendar: WorkingCalendar) -> date:
    """The day that ends so many working days after ``day``."""
    while working_days > 0:
        day += _DAY
        working_days -= calendar.is_working(day)
    return day
