"""Every page there is lies on the ground of a walk, or shows nothing; what a walk has missed is told by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.web.fastpath import WsgiApp
from tests.doubles.exchange import World, prepared_postgresql, prepared_sqlite, small_world
from tests.doubles.identity_provider import provider_at
from tests.e2e.grounds import EXCHANGE, IDENTITY_PROVIDER, NO_PAGE, ground, missed, pages
from tests.e2e.looking import Answered

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world"]


@pytest.fixture
def provider(fresh, tmp_path: Path) -> Iterator[WsgiApp]:
    with provider_at(fresh("sqlite"), tmp_path, migrated=True) as made:
        yield made.app


@pytest.fixture
def exchange(small_world: World) -> WsgiApp:
    return small_world.client.application


def test_every_page_is_on_the_ground_of_a_walk(provider: WsgiApp, exchange: WsgiApp) -> None:
    for app, grounds in ((provider, IDENTITY_PROVIDER), (exchange, EXCHANGE)):
        every = pages(app)
        assert [page for page in every if ground(grounds, page) is None and page not in NO_PAGE] == []
        assert {ground(grounds, page) for page in every} - {None} == set(grounds)


def test_what_shows_nothing_is_still_there(provider: WsgiApp, exchange: WsgiApp) -> None:
    assert NO_PAGE.keys() - {*pages(provider), *pages(exchange)} == set()


def test_a_page_counts_when_it_was_shown_and_not_when_it_was_refused(provider: WsgiApp) -> None:
    seen = [
        Answered("GET", "/device", 200),
        Answered("GET", "/device/done", 404),
        Answered("POST", "/device", 422),
    ]
    assert missed(provider, IDENTITY_PROVIDER, "terminal", []) == ["GET /device", "GET /device/done", "POST /device"]
    assert missed(provider, IDENTITY_PROVIDER, "terminal", seen) == ["GET /device/done"]
