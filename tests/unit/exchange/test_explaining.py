"""How a request would be decided: also with a consent, at another instant, under a template of emergency access."""

from __future__ import annotations

from typing import Any

import pytest

from policies import cedar
from tests.doubles.exchange import BASIS, ITEM, MARKET, World, grant, service_item

AUDITOR: dict[str, Any] = {"sub": "author", "roles": ["auditor"]}
QUESTION = {
    "system": "market-website",
    "evidence_type": "identity-card",
    "fields": ["name"],
    "service_item": ITEM,
    "legal_basis": BASIS,
    "loa": 3,
}


def explained(world: World, **more: Any) -> Any:
    world.rooms.policy.renew()
    return world.officer("POST", "/v1/grants/explain", QUESTION | more, **AUDITOR)


def test_a_permit_names_every_clause_of_its_grant_and_what_each_asks_for(small_world: World) -> None:
    said = explained(small_world).json
    (granted,) = (one for one in small_world.rooms.policy.current().image.members() if one.id == "G-IDENTITY")
    assert [each["clause"] for each in said["met"]] == [
        f"G-IDENTITY@1#c{number}" for number in range(len(cedar.clauses(granted)))
    ]
    assert {"clause": "G-IDENTITY@1#c0", "text": "用于办理开办餐馆"} in said["met"]
    assert "unmet" not in said
    claims = {"sub": "author", "roles": ["auditor"], "organisation": MARKET, "scope": "governance"}
    token = small_world.issuer.token(small_world.holder, "console", **claims)
    english = small_world.call("POST", "/v1/grants/explain", token, QUESTION, Accept_Language="en").json
    assert {"clause": "G-IDENTITY@1#c8", "text": "The sign-in has assurance level 2 or higher"} in english["met"]


def test_where_consent_is_the_basis_one_is_assumed_only_when_asked_to(small_world: World) -> None:
    for standing in ("G-IDENTITY", "G-STAFF"):
        small_world.revoke(standing)
    small_world.apply(service_item(ITEM, MARKET, kind="consent"))
    small_world.apply(grant("G-IDENTITY", basis_kind="consent"))
    small_world.approve("G-IDENTITY")
    without = explained(small_world).json
    assert (without["decision"], without["code"]) == ("deny", "policy.consent-missing")
    agreed = explained(small_world, consent=True).json
    assert (agreed["decision"], agreed["grants"]) == ("permit", ["G-IDENTITY@2"])
    more = explained(small_world, consent=True, fields=["born"]).json  # a consent widens no grant
    assert (more["decision"], more["code"]) == ("deny", "policy.field-not-granted")


def test_another_instant_is_asked_about(small_world: World) -> None:
    assert explained(small_world, at="2027-12-30").json["decision"] == "permit"
    for at in ("2027-12-31", "2027-12-31T00:00:00+08:00", "9000-01-01"):
        assert explained(small_world, at=at).json["code"] == "policy.expired", at
    for at in ("2025-12-31T23:59:59+08:00", "1900-01-01"):
        assert explained(small_world, at=at).json["code"] == "policy.not-yet-valid", at


@pytest.mark.parametrize("at", ["2027-12-30T00:00:00", "tomorrow!!", "9999-12-31", "2027", "二〇二七年一月一日上午", 5])
def test_an_instant_that_is_none_is_said_to_be(small_world: World, at: Any) -> None:
    answer = explained(small_world, at=at)
    assert (answer.status_code, answer.json["errors"][0]["path"]) == (422, "at")


def test_a_template_permits_where_it_is_taken_to_be_open_and_nowhere_else(small_world: World) -> None:
    template = grant("G-RESCUE", fields=["born"], absent_allowed=True, min_loa=0, emergency={"minutes": 120})
    small_world.apply(template)
    small_world.approve("G-RESCUE")
    asked = {"fields": ["born"], "loa": 0}
    assert explained(small_world, **asked).json["decision"] == "deny"
    opened = explained(small_world, **asked, emergency="G-RESCUE@1").json
    assert (opened["decision"], opened["grants"]) == ("permit", ["G-RESCUE@1"])
    assert "应急取用已由两人开启" in [each["text"] for each in opened["met"]]
    other = explained(small_world, **asked, emergency="G-IDENTITY@1").json
    assert (other["decision"], other["code"]) == ("deny", "policy.emergency-not-open")
