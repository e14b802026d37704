"""A period that somebody asks about: the parameters ``from`` and ``to`` of every count and list that takes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from exchange import errors
from kernel.dates import read_instant
from kernel.problems import Problem

USUAL_PERIOD = timedelta(days=30)
_A_MOMENT = timedelta(microseconds=1)
"""The end is exclusive; what happened just now is part of "until now"."""


def period(asked: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    """Begin and end, the end exclusive; the last thirty days where nothing is said. Raises Problem."""
    try:
        until = read_instant(asked["to"]) if "to" in asked else now + _A_MOMENT
        since = read_instant(asked["from"]) if "from" in asked else until - USUAL_PERIOD
        if since.tzinfo is None or until.tzinfo is None or since >= until:
            raise ValueError("not a period")
    except (ValueError, OverflowError):
        raise Problem(errors.PERIOD_INVALID) from None
    return since, until
