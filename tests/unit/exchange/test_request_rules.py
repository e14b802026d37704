"""Calendar tables and service levels: anyone reads them, officers change them from a day on, each change an entry."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles.exchange import MARKET, World

GOVERNOR: dict[str, Any] = {"sub": "gov", "roles": ["governance-officer"]}
SYSTEM: dict[str, Any] = {"sub": "sys", "roles": ["system-administrator"]}
WORDS = {"zh": "演示通知", "en": "demo notice"}
TABLE = {"effective_from": "2026-11-23", "citation": WORDS, "holidays": ["2027-01-01"], "workdays": ["2027-01-03"]}
PROFILE = {
    "effective_from": "2026-12-01",
    "title": WORDS,
    "citation": WORDS,
    "general": False,
    "organisations": [MARKET],
    "rules": [{"stage": "form-check", "days": 3}],
}


def test_the_tables_in_force_are_public(small_world: World) -> None:
    tables = small_world.client.get("/v1/calendar").json["tables"]
    assert [(one["year"], one["status"]) for one in tables] == [(2025, "in-force"), (2026, "in-force")]
    assert "2025-10-11" in small_world.client.get("/v1/calendar/2025").json["workdays"]
    profiles = small_world.client.get("/v1/sla-profiles").json["profiles"]
    assert {one["id"] for one in profiles} == {"cn-51-2016", "cn-809-2025", "local-form-check-2"}
    assert small_world.client.get("/v1/sla-profiles/cn-809-2025").json["rules"][0]["days"] == 1
    assert small_world.client.get("/v1/calendar/2031").json["code"] == "resource.not-found"
    assert small_world.client.get("/v1/sla-profiles/none").status_code == 404


def test_an_officer_writes_next_years_table_and_it_is_an_entry(world: World) -> None:
    answer = world.officer("PUT", "/v1/calendar/2027", TABLE, **GOVERNOR)
    assert (answer.status_code, answer.json["status"]) == (200, "in-force")
    assert world.client.get("/v1/calendar/2027").json["holidays"] == ["2027-01-01"]
    world.officer("PUT", "/v1/calendar/2027", TABLE | {"holidays": ["2027-01-02"]}, **SYSTEM)
    assert world.client.get("/v1/calendar/2027").json["holidays"] == ["2027-01-02"]
    entries = world.events("CalendarChanged")
    assert [entry["facts"]["name"] for entry in entries] == ["2027", "2027"]
    assert entries[0]["facts"]["digest"] != entries[1]["facts"]["digest"]


def test_what_counts_from_a_later_day_is_announced_until_then(world: World) -> None:
    assert world.officer("PUT", "/v1/sla-profiles/local", PROFILE, **SYSTEM).json["status"] == "announced"
    assert world.client.get("/v1/sla-profiles/local").status_code == 404
    world.clock.advance(8 * 24 * 3600)
    assert world.client.get("/v1/sla-profiles/local").json["organisations"] == [MARKET]
    again = PROFILE | {"effective_from": "2026-12-02", "rules": [{"stage": "form-check", "days": 4}]}
    world.officer("PUT", "/v1/sla-profiles/local", again, **SYSTEM)
    world.clock.advance(24 * 3600)
    listed = [one for one in world.client.get("/v1/sla-profiles").json["profiles"] if one["id"] == "local"]
    assert [one["status"] for one in listed] == ["replaced", "in-force"]
    assert [entry["facts"]["kind"] for entry in world.events("ServiceLevelChanged")] == ["sla-profile", "sla-profile"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/calendar/2027", TABLE | {"effective_from": "2026-11-22"}),  # yesterday
        ("/v1/calendar/2027", TABLE | {"effective_from": "2026-13-01"}),
        ("/v1/calendar/2027", TABLE | {"workdays": ["2027-01-04"]}),  # a Monday
        ("/v1/calendar/2027", TABLE | {"workdays": ["2027-01-01"]}),
        ("/v1/calendar/2027", TABLE | {"holidays": ["2029-01-01"]}),
        ("/v1/calendar/2027", TABLE | {"holidays": ["2027-01-01"] * 2}),
        ("/v1/calendar/2027", TABLE | {"holidays": ["2027-01-01"] * 500}),
        ("/v1/calendar/2027", TABLE | {"holidays": [], "workdays": []}),
        ("/v1/calendar/2027", TABLE | {"citation": {"zh": "只有中文"}}),
        ("/v1/calendar/2027", TABLE | {"citation": {"zh": "有人 500199199003120021", "en": "x"}, "extra": 1}),
        ("/v1/calendar/x", TABLE),
        ("/v1/calendar/99999999999999", TABLE),
        ("/v1/calendar/20-7", TABLE),
        ("/v1/sla-profiles/Local", PROFILE),
        ("/v1/sla-profiles/local", PROFILE | {"general": True}),
        ("/v1/sla-profiles/local", PROFILE | {"general": "yes"}),
        ("/v1/sla-profiles/local", PROFILE | {"rules": []}),
        ("/v1/sla-profiles/local", PROFILE | {"rules": [{"stage": "form-check", "days": 0}]}),
        ("/v1/sla-profiles/local", PROFILE | {"rules": [{"stage": "tea", "days": 1}]}),
        ("/v1/sla-profiles/local", PROFILE | {"rules": [{"stage": "form-check", "days": 1}] * 2}),
        ("/v1/sla-profiles/local", PROFILE | {"rules": [{"stage": "form-check", "days": 10**400}]}),
    ],
)
def test_a_rule_that_contradicts_itself_changes_nothing(small_world: World, path: str, body: dict) -> None:
    before = len(small_world.entries())
    answer = small_world.officer("PUT", path, body, **GOVERNOR)
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")
    assert len(small_world.entries()) == before
    assert len(small_world.client.get("/v1/calendar").json["tables"]) == 2


@pytest.mark.parametrize("role", ["consumer-officer", "provider-officer", "auditor", "exchange"])
def test_nobody_else_changes_them(small_world: World, role: str) -> None:
    answer = small_world.officer("PUT", "/v1/calendar/2027", TABLE, sub="x", roles=[role])
    assert (answer.status_code, answer.json["code"]) == (403, "token.not-allowed")
    assert small_world.client.put("/v1/calendar/2027", json=TABLE).status_code == 401


def test_a_citation_that_names_somebody_is_refused(small_world: World) -> None:
    """The document itself is not in the log, so its words are looked at before."""
    body = TABLE | {"citation": {"zh": "见 500199199003120021", "en": "x"}}
    answer = small_world.officer("PUT", "/v1/calendar/2027", body, **GOVERNOR)
    assert answer.status_code == 422
    assert "500199199003120021" not in answer.text
