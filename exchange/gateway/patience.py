"""How long an item waits before it ends by itself: for a person of the provider, for a preview, for a slow source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from exchange.clocks import rules
from exchange.store.waiting import FOR_PEOPLE, Wait
from kernel.database import Database
from kernel.dates import CHINA, local_day
from kernel.settings import ExchangeSettings
from policies.clocks.calendar import WorkingCalendar

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each wait lasts, as configured (``exchange.waiting_…``).

    For somebody at the provider, the day of the request is not counted, and the last day ends at midnight. A preview's
    days are those of further questions, too.
    """

    person_working_days: int
    preview_days: int
    source_hours: int

    @classmethod
    def of(cls, settings: ExchangeSettings) -> Limits:
        """As the configuration has them."""
        return cls(settings.waiting_person_working_days, settings.waiting_preview_days, settings.waiting_source_hours)


@dataclass(frozen=True, slots=True)
class Patience:
    """Knows the working days, which are read only when something has to wait."""

    database: Database
    limits: Limits

    def until(self, wait: Wait, now: datetime) -> datetime:
        """When an item that begins to wait now ends by itself."""
        if wait in FOR_PEOPLE:
            return now + timedelta(days=self.limits.preview_days)
        if wait is Wait.SOURCE:
            return now + timedelta(hours=self.limits.source_hours)
        today = local_day(now)
        with self.database.read() as connection:
            calendar = rules.read(connection).calendar(today)
        last = _after(today, self.limits.person_working_days, calendar)
        return datetime.combine(last + _DAY, time(), CHINA)


def _after(day: date, working_days: int, calendar: WorkingCalendar) -> date:
    """The day that ends so many working days after ``day``."""
    while working_days > 0:
        day += _DAY
        working_days -= calendar.is_working(day)
    return day
