"""Working days: weekends are free, unless a table of the year says otherwise; tables are data that officers edit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from kernel.text import Text

MOST_EXCEPTIONS = 120
"""Days a table of one year may name; the real ones name about thirty-five."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
_SATURDAY = 5
_DAY = timedelta(days=1)


class InvalidClockRule(ValueError):
    """A table or profile that contradicts itself or means nothing; ``reason`` says what to change."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTable:
    """The exceptions of one year as announced by the notice cited; they count from the day ``effective_from`` on.

    ``holidays`` are free although they may be weekdays; ``workdays`` are Saturdays and Sundays that are worked. Both
    may reach a month into the neighbouring years. Raises InvalidClockRule.
    """

    year: int
    effective_from: date
    citation: Text
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if (reason := _fault(self)) is not None:
            raise InvalidClockRule(reason)


def is_weekend(day: date) -> bool:
    """Saturday or Sunday."""
    return day.weekday() >= _SATURDAY


def says_something(text: Text) -> bool:
    """Whether both languages say something, on one line of at most 500 characters."""
    return all(0 < len(part.strip()) <= 500 and part.isprintable() for part in (text.zh, text.en))


def _fault(table: CalendarTable) -> Text | None:
    if not (type(table.year) is int and FIRST_YEAR <= table.year <= LAST_YEAR):
        return Text(f"年份应为 {FIRST_YEAR} 至 {LAST_YEAR}", f"The year is between {FIRST_YEAR} and {LAST_YEAR}")
    if not says_something(table.citation):
        return Text("须写明所依据的通知（中英文）", "The notice is cited in both languages")
    named = table.holidays | table.workdays
    if not 0 < len(named) <= MOST_EXCEPTIONS:
        return Text(f"须列出 1 至 {MOST_EXCEPTIONS} 天", f"A table names between 1 and {MOST_EXCEPTIONS} days")
    if table.holidays & table.workdays:
        return Text("同一天不能既放假又上班", "One day cannot be both free and worked")
    if not all(is_weekend(day) for day in table.workdays):
        return Text("调休上班日须为周六或周日", "A make-up working day is a Saturday or a Sunday")
    first, last = date(table.year - 1, 12, 1), date(table.year + 1, 1, 31)
    if not all(first <= day <= last for day in named):
        return Text("所列日期须属于该年或相邻的一个月", "The days belong to that year or the month next to it")
    return None


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Which days are worked. ``years`` are those whose exceptions are known; elsewhere only weekends are free."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()

    @classmethod
    def of(cls, tables: Iterable[CalendarTable], on: date) -> WorkingCalendar:
        """The calendar in force on a day: of each year the newest table that counts by then.

        Where tables of two years name one day, the one that counts from the later day decides.
        """
        chosen = sorted(in_force(tables, on), key=lambda table: (table.effective_from, table.year))
        holidays: set[date] = set()
        workdays: set[date] = set()
        for table in chosen:
            holidays = (holidays - table.workdays) | table.holidays
            workdays = (workdays - table.holidays) | table.workdays
        return cls(frozenset(holidays), frozenset(workdays), frozenset(table.year for table in chosen))

    def is_working(self, day: date) -> bool:
        """Whether offices work on this day."""
        if day in self.holidays:
            return False
        return day in self.workdays or not is_weekend(day)

    def working_days(self, after: date, through: date) -> int:
        """How many working days lie after one day, up to and including another."""
        span = (through - after).days
        return sum(self.is_working(after + step * _DAY) for step in range(1, span + 1))


def in_force(tables: Iterable[CalendarTable], on: date) -> tuple[CalendarTable, ...]:
    """Of each year the newest table that counts on this day; of two from the same day the later in the row."""
    newest: dict[int, CalendarTable] = {}
    for table in tables:
        held = newest.get(table.year)
        if table.effective_from <= on and (held is None or held.effective_from <= table.effective_from):
            newest[table.year] = table
    return tuple(newest[year] for year in sorted(newest))
