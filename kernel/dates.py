"""China's civil day, by which quotas and ages are counted, and how one writes it: 2026年11月23日, 23 November 2026."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

# China has kept UTC+8 without summer time since 1992, so an offset says the same as the zone database would.
CHINA = timezone(timedelta(hours=8), "UTC+8")
NO_END = "长期"  # a value of its own in certificates: valid until withdrawn
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def local_day(moment: datetime) -> date:
    """The day of an aware instant in China."""
    return moment.astimezone(CHINA).date()


def read_instant(text: str) -> datetime:
    """A date-time as RFC 3339 writes it, with or without a zone, that every calendar here can carry. Raises ValueError.

    At the ends of Python's years an instant cannot be told in another zone; nobody's matter lies there.
    """
    moment = datetime.fromisoformat(text)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError("not a year of ours")
    return moment


def completed_years(born: date, day: date) -> int:
    """Whole years of age on a day; born on 29 February, one completes them on 1 March of a common year."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def local_hour(moment: datetime) -> int:
    """The hour (0 to 23) of an aware instant in China."""
    return moment.astimezone(CHINA).hour


def date_text(value: date | datetime | str, language: str) -> str:
    """A date for people; text that is no ISO date stays as it is, 长期 is translated."""
    day = _day(value)
    if day is None:
        return "indefinite" if (value, language) == (NO_END, "en") else str(value)
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def time_text(value: datetime, language: str) -> str:
    """Date and time of an aware instant, to the minute, in China's time zone."""
    separator = " " if language == "zh" else ", "
    return f"{date_text(value, language)}{separator}{value.astimezone(CHINA):%H:%M}"


def _day(value: date | datetime | str) -> date | None:
    if isinstance(value, datetime):
        return local_day(value)
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
