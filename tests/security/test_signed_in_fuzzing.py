"""Whatever those send whom the provider's doors let in, to whichever address: an answer, never a server error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from kernel.web.routes import Route
from tests.cases import SOAK, in_parts, seeds, sized
from tests.conftest import ENGINE
from tests.doubles.identity_provider import provider_at
from tests.doubles.insiders import Town, route_table
from tests.doubles.knocking import Knocks, Tally, knock, look_around
from tests.doubles.upstream import described, upstream

PARTS = in_parts(4)
CASES = sized(1_500, 100_000 // len(PARTS))
"""In each part."""
OF_ONE_TOWN = 4_000
"""Requests, before everything begins anew: what they did to it has left less and less to do."""
MISSED = 4 if SOAK == 1 else 40
"""Routes that may be there without a request that was about something: each has seven requests in a short run, and a
hundred in a part of the long one."""
FLOOR = 0.75
"""The least share of requests that come past the doors."""


@pytest.fixture
def routes() -> Iterator[list[Route]]:
    """The table of everything that the provider answers."""
    with route_table() as found:
        yield found


@contextmanager
def town_at(url: str, folder: Path, seed: int) -> Iterator[Town]:
    """A provider of their own, whose pages have all been looked at."""
    with (
        upstream() as there,
        provider_at(url, folder, migrated=True, populated=True, upstreams=described(there, folder)) as provider,
    ):
        yield Town(provider, Random(seed))


@pytest.mark.parametrize("part", PARTS)
def test_whatever_is_sent_by_whoever_came_in_is_answered(
    routes: list[Route],
    fresh: Callable[..., str],
    tmp_path: Path,
    part: int,
    record_property: Callable[[str, object], None],
) -> None:
    tally = Tally()
    for seed in seeds(-(-CASES // OF_ONE_TOWN), 100 * part):
        folder = tmp_path / str(seed)
        folder.mkdir()
        with town_at(fresh(ENGINE, "peopled"), folder, seed) as town:
            look_around(town.shown, routes, town.insiders)
            most = min(CASES - tally.sent, OF_ONE_TOWN)
            knock(Knocks(seed, town.shown), routes, town.insiders, tally, most, town.live)
        for each in tmp_path.glob("idp.sqlite3*"):  # the next one begins with a file of its own
            each.unlink()
    record_property("cases", tally.sent)
    assert tally.share >= FLOOR, tally.statuses
    assert len(never := tally.never_met(routes)) <= MISSED, never
