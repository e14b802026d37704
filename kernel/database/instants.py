"""Instants for statements that go straight to the driver: microseconds since 1970, as the column type ``Instant``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MICROS = 1_000_000
"""In a second."""


def micros(moment: datetime) -> int:
    """An aware datetime as stored."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """A stored instant as an aware datetime, in UTC."""
    return _EPOCH + stored * _MICROSECOND


def optional_moment(stored: int | None) -> datetime | None:
    """The same where there may be none."""
    return None if stored is None else moment(stored)
