"""Rights that nobody used for ninety days, and the draft that takes them away."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from tests.doubles.exchange import GRANTS, ITEM, NAME, World

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


def with_expectations(world: World, *expected: dict[str, Any]) -> None:
    """The identity card's grant as a version whose author wrote down what is meant."""
    of_today = next(one for one in GRANTS if one["metadata"]["name"] == "G-IDENTITY")
    world.apply({**of_today, "spec": of_today["spec"] | {"expectations": [*expected]}})
    world.approve("G-IDENTITY")
    world.rooms.policy.renew()


def test_tightening_twice_answers_the_draft_that_is_open(world: World) -> None:
    days_pass(world, 91)
    world.ask(world.open_case(), NAME)
    first, again = tighten(world, "G-IDENTITY"), tighten(world, "G-IDENTITY")
    assert (again.status_code, again.json) == (200, first.json)
    handed_in = world.officer("POST", "/v1/grants/G-IDENTITY@2/submit", {}, **OFFICER)
    assert handed_in.status_code == 200, handed_in.text
    assert [tighten(world, "G-IDENTITY").json[name] for name in ("ref", "status")] == ["G-IDENTITY@2", "submitted"]
    assert len(world.events("GrantDrafted")) == len({one["request"] for one in world.events("GrantDrafted")})
    assert world.officer("GET", "/v1/grants/G-IDENTITY@3", **OFFICER).status_code == 404
    refused = world.officer("POST", "/v1/grants/G-IDENTITY/tighten", {}, sub="a", roles=["auditor"])
    assert refused.json["code"] == "grant.not-allowed"  # nor may anybody have it answered who may not draft
    world.officer("POST", "/v1/grants/G-IDENTITY@2/revoke", {"reason": "not now"}, **OFFICER)
    assert tighten(world, "G-IDENTITY").json["ref"] == "G-IDENTITY@3"  # what has ended is not open


def test_what_was_expected_of_what_is_taken_out_is_left_out_and_said_so_that_the_draft_can_be_handed_in(
    small_world: World,
) -> None:
    asked = {"service_item": ITEM, "loa": 3}
    gone = {"expect": "permit", "fields": ["address"], **asked}
    stays = {"expect": "permit", "fields": ["name"], **asked}
    refused = {"expect": "deny", "fields": ["address"], "service_item": ITEM, "loa": 0}
    with_expectations(small_world, gone, stays, refused)
    days_pass(small_world, 91)
    small_world.ask(small_world.open_case(), NAME)
    assert report(small_world)["G-IDENTITY@2"]["expectations_left_out"] == [{"relation": "self", **gone}]
    drafted = tighten(small_world, "G-IDENTITY").json
    assert drafted["expectations_left_out"] == [{"relation": "self", **gone}]
    assert drafted["grant"]["expectations"] == [{"relation": "self", **one} for one in (stays, refused)]
    submitted = small_world.officer("POST", f"/v1/grants/{drafted['ref']}/submit", {}, **OFFICER)
    assert (submitted.status_code, submitted.json["status"]) == (200, "submitted"), submitted.text


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
