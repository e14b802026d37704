"""Rights that nobody used for ninety days, and the draft that takes them away."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from tests.doubles.exchange import GRANTS, NAME, World

OFFICER: dict[str, Any] = {"sub": "author", "roles": ["governance-officer"]}
DAY = 24 * 3600


def days_pass(world: World, days: float) -> None:
    world.clock.advance(days * DAY)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def report(world: World) -> dict[str, Any]:
    answer = world.officer("GET", "/v1/grants/unused", **OFFICER)
    assert answer.status_code == 200, answer.text
    return {one["grant"]: one for one in answer.json["grants"]}


def tighten(world: World, grant: str) -> TestResponse:
    return world.officer("POST", f"/v1/grants/{grant}/tighten", {}, **OFFICER)


def test_a_grant_that_is_younger_than_the_period_is_not_judged(small_world: World) -> None:
    days_pass(small_world, 89)
    assert report(small_world) == {}


def test_what_was_not_used_is_named_and_one_step_drafts_the_version_without_it(world: World) -> None:
    days_pass(world, 91)
    world.ask(world.open_case(), NAME)
    found = report(world)
    identity, staff = found["G-IDENTITY@1"], found["G-STAFF@1"]
    assert (identity["releases"], identity["unused_fields"], identity["proposal"]) == (1, ["address"], "tighten")
    assert identity["unused_predicates"] == ["at-least-age", "exists", "valid-on"]
    assert (staff["releases"], staff["last"], staff["proposal"]) == (0, None, "revoke")
    drafted = tighten(world, "G-IDENTITY").json
    assert (drafted["ref"], drafted["status"]) == ("G-IDENTITY@2", "drafted")
    assert (drafted["grant"]["fields"], drafted["grant"]["predicates"]) == (["name"], [])
    spec = next(one["spec"] for one in GRANTS if one["metadata"]["name"] == "G-IDENTITY")
    assert drafted["grant"]["relations"] == sorted(spec["relations"])
    assert world.events("GrantDrafted")[-1]["request"] == "G-IDENTITY@2"


def test_a_refused_request_is_no_use(small_world: World) -> None:
    days_pass(small_world, 91)
    small_world.ask(small_world.open_case(), {"type": "identity-card", "fields": ["name", "born"]})
    assert report(small_world)["G-IDENTITY@1"]["releases"] == 0


def test_use_of_long_ago_does_not_count(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME)
    days_pass(small_world, 91)
    assert report(small_world)["G-IDENTITY@1"]["releases"] == 0


def test_nothing_is_drafted_where_nothing_would_be_left_or_nothing_is_unused(small_world: World) -> None:
    days_pass(small_world, 91)
    answer = tighten(small_world, "G-STAFF")
    assert (answer.status_code, answer.json["code"]) == (409, "grant.nothing-to-tighten")
    case = small_world.open_case()
    small_world.ask(case, {"type": "staff-list", "fields": ["employer"]})
    least = {"name": "count-at-least", "args": {"count": 1}}
    small_world.ask(case, {"type": "staff-list", "predicates": [{"name": "count"}, least]})
    assert "G-STAFF@1" not in report(small_world)
    assert tighten(small_world, "G-STAFF").status_code == 409
    assert tighten(small_world, "G-NOWHERE").status_code == 404


def test_who_may_not_draft_may_not_tighten(small_world: World) -> None:
    days_pass(small_world, 91)
    small_world.ask(small_world.open_case(), NAME)
    answer = small_world.officer("POST", "/v1/grants/G-IDENTITY/tighten", {}, sub="a", roles=["auditor"])
    assert (answer.status_code, answer.json["code"]) == (403, "grant.not-allowed")
