"""The overview of data sources: health and quality of the own department's, from look-ups as they happened."""

from __future__ import annotations

from typing import Any

from connectors.base import Query
from connectors.errors import SourceUnavailable
from tests.doubles.exchange import BEFORE_FETCH, MARKET, NAME, OWNER, POLICE, URBAN, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_events import code_of

PATH, HERE = "/v1/department/sources", "/console/sources"


def ask(world: World, query: str = "", role: str = "provider-officer", organisation: str = POLICE) -> Any:
    return world.officer("GET", PATH + query, sub=role, roles=[role], organisation=organisation)


def officer(world: World, role: str, organisation: str, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def fails(_query: Query) -> None:
    raise SourceUnavailable("down")


def test_the_own_departments_sources_are_shown_and_nobody_elses(small_world: World) -> None:
    world = small_world
    found = ask(world).json["sources"]
    assert [each["evidence_type"]["code"] for each in found] == ["identity-card", "staff-list"]
    assert found[0]["source"]["quality"]["answers"] == 0
    assert ask(world, organisation=URBAN).json["sources"] == []
    assert len(ask(world, role="governance-officer", organisation=MARKET).json["sources"]) == 2
    first = ask(world, "?limit=1").json
    assert first["next"] == "identity-card"
    rest = ask(world, f"?limit=1&after={first['next']}").json
    assert ([each["evidence_type"]["code"] for each in rest["sources"]], rest["next"]) == (["staff-list"], None)
    for wrong in ("?show=some", "?limit=0"):
        assert code_of(ask(world, wrong)) == "request.invalid"


def test_what_look_ups_showed_is_told_and_trouble_stands_out(small_world: World) -> None:
    world = small_world
    provider = officer(world, "provider-officer", POLICE)
    assert "还没有查询过" in provider.get(HERE).text
    assert "没有需要处理的数据源" in provider.get(f"{HERE}?show=trouble").text
    world.ask(world.open_case(), NAME)
    found = ask(world).json["sources"][0]
    assert (found["failures"], found["trouble"], found["source"]["quality"]["answers"]) == (0, False, 1)
    assert found["last_success"]
    BEFORE_FETCH.append(fails)
    world.ask(world.open_case(), NAME)
    (troubled,) = ask(world, "?show=trouble").json["sources"]
    assert (troubled["evidence_type"]["code"], troubled["failures"]) == ("identity-card", 1)
    page = provider.get(f"{HERE}?show=trouble").text
    assert "连续失败 1 次" in page
    assert "100%" in page
    assert OWNER not in page
    english = officer(world, "auditor", MARKET, "en").get(HERE).text
    assert "failures in a row: 1" in english
    assert "登记目录条目" in officer(world, "consumer-officer", MARKET).get(HERE).text
