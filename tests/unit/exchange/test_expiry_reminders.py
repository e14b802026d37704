"""A grant that comes near its end is spoken of 60, 30 and 7 days before, each once; then it lapses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exchange.governance.expiry import NEAR, Expiry, mark
from policies.grants.grant import Grant
from tests.doubles.exchange import World

ENDS = datetime(2027, 12, 30, 16, tzinfo=UTC)
"""The end of the world's grants: the beginning of 31 December 2027 in China."""


def told(world: World) -> list[tuple[str, int]]:
    return [(entry["facts"]["grant"], entry["facts"]["days"]) for entry in world.events(NEAR)]


def granted(world: World) -> Grant:
    return next(one for one in world.rooms.policy.current().image.members() if one.id == "G-STAFF")


def test_the_mark_is_the_smallest_that_the_end_lies_within(small_world: World) -> None:
    grant = granted(small_world)
    assert grant.valid_to == ENDS
    left = [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0.5, 7), (0, None), (-1, None)]
    assert [mark(grant, ENDS - timedelta(days=days)) for days, _ in left] == [due for _, due in left]


def test_each_mark_is_recorded_once_whoever_looks(world: World) -> None:
    expiry, other = world.rooms.expiry, Expiry(world.rooms.expiry.transitions)
    assert expiry.remind() == 0
    expected: list[tuple[str, int]] = []
    for days in (60, 30, 7):
        world.clock.advance((ENDS - timedelta(days=days) - world.clock.now()).total_seconds())
        assert expiry.remind() == 2
        assert expiry.remind() == 0
        other.remind()
        expected += [("G-IDENTITY@1", days), ("G-STAFF@1", days)]
        assert told(world) == expected
    world.clock.advance(8 * 24 * 3600)
    assert expiry.sweep() == 2
    assert expiry.remind() == 0


def test_a_day_on_which_thousands_end_is_told_in_pages(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An append is bounded: what does not fit into one goes into the next."""
    monkeypatch.setattr("exchange.governance.expiry.MOST_AT_ONCE", 1)
    small_world.clock.advance((ENDS - timedelta(days=7) - small_world.clock.now()).total_seconds())
    before = small_world.outside.ledger.size()
    assert small_world.rooms.expiry.remind() == 2
    assert small_world.outside.ledger.size() == before + 2
    assert {days for _, days in told(small_world)} == {7}
