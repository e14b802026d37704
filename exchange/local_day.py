"""The civil day by which quotas and ages are counted: China Standard Time, which has no daylight saving."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

CHINA_STANDARD_TIME = timezone(timedelta(hours=8), "CST")


def local_day(moment: datetime) -> date:
    """The day of an aware instant in China."""
    return moment.astimezone(CHINA_STANDARD_TIME).date()
