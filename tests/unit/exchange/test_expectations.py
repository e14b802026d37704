"""A grant's expectations (ADR 0045): tried over the set that would stand, before it is handed in and at its start."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from exchange.catalogue.grant_drafts import grant_of
from kernel.manifests import ManifestError
from policies.grants.document import digest
from tests.doubles.exchange import ITEM, MARKET, OTHER_ITEM, POLICE, World, grant, service_item

OFFICER: dict[str, Any] = {"sub": "author", "roles": ["governance-officer"]}
PATH = "/v1/grants/G-NEW"
ASKED: dict[str, Any] = {"expect": "permit", "service_item": ITEM, "fields": ["born"], "loa": 2}


def drafted(world: World, *expectations: dict[str, Any], **more: Any) -> None:
    world.apply(
        grant("G-NEW", **({"fields": ["born"], "expectations": [deepcopy(one) for one in expectations]} | more))
    )  # YAML names no thing twice


def submitted(world: World) -> Any:
    return world.officer("POST", f"{PATH}/submit", {}, **OFFICER)


MEANT = [
    ASKED,
    ASKED | {"expect": "deny", "service_item": OTHER_ITEM},
    ASKED | {"expect": "deny", "loa": 1},
    ASKED | {"expect": "deny", "loa": 0},
    ASKED | {"expect": "deny", "relation": "spouse"},
    ASKED | {"expect": "deny", "fields": ["born", "address"]},
    ASKED | {"expect": "deny", "minor": True},
    ASKED | {"expect": "deny", "at": "2028-01-01T00:00:00+08:00"},
]


def test_what_comes_out_as_meant_is_shown_and_handed_in(small_world: World) -> None:
    drafted(small_world, *MEANT)
    shown = small_world.officer("GET", f"{PATH}/examination", **OFFICER).json["expectations"]
    assert [(one["expect"], one["decided"], one["holds"]) for one in shown] == [
        (one["expect"], one["expect"], True) for one in MEANT
    ]
    assert "市场监管局" in shown[0]["text"]["zh"]
    assert submitted(small_world).json["status"] == "submitted"


@pytest.mark.parametrize("one", MEANT)
def test_what_comes_out_otherwise_is_not_handed_in(small_world: World, one: dict[str, Any]) -> None:
    other = {"permit": "deny", "deny": "permit"}[one["expect"]]
    drafted(small_world, one | {"expect": other})
    answer = submitted(small_world)
    assert (answer.status_code, answer.json["reason"]) == (403, "grant.expectation-unmet")
    assert "G-NEW@1" in answer.json["detail"]
    assert small_world.officer("GET", PATH, **OFFICER).json["status"] == "drafted"


def test_the_guards_decide_with_it_and_consent_is_to_exactly_what_is_asked(small_world: World) -> None:
    """Where the basis is consent, an expectation comes with it unless it says otherwise."""
    small_world.revoke("G-IDENTITY")
    small_world.revoke("G-STAFF")
    small_world.apply(service_item(ITEM, MARKET, kind="consent"))
    drafted(small_world, ASKED, ASKED | {"expect": "deny", "consented": False}, basis_kind="consent")
    assert submitted(small_world).json["status"] == "submitted"


def test_another_grants_expectation_that_no_longer_comes_out_is_shown_and_stops_nothing(small_world: World) -> None:
    never = {"expect": "deny", "service_item": ITEM, "fields": ["born"], "loa": 2}
    small_world.apply(grant("G-IDENTITY", expectations=[never]))
    small_world.approve("G-IDENTITY")
    drafted(small_world)
    (shown,) = small_world.officer("GET", f"{PATH}/examination", **OFFICER).json["expectations"]
    assert (shown["grant"], shown["decided"], shown["holds"]) == ("G-IDENTITY@2", "permit", False)
    assert submitted(small_world).json["status"] == "submitted"


def test_what_no_longer_comes_out_keeps_the_grant_from_taking_effect(small_world: World) -> None:
    """Something else came into force between submission and the last signature."""
    drafted(small_world, ASKED | {"expect": "deny", "fields": ["born", "name"]}, fields=["born", "name"], min_loa=3)
    assert submitted(small_world).json["status"] == "submitted"
    small_world.apply(grant("G-OTHER", fields=["born", "name"]))
    small_world.approve("G-OTHER")
    seen = {"digest": small_world.officer("GET", PATH, **OFFICER).json["digest"]}
    provider = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}
    approver = {"sub": "g", "roles": ["governance-approver"], "organisation": MARKET}
    small_world.officer("POST", f"{PATH}/approve", seen, **provider)
    answer = small_world.officer("POST", f"{PATH}/approve", seen, **approver)
    assert (answer.status_code, answer.json["reason"]) == (403, "grant.invariant-broken")
    assert "G-NEW@1" in answer.json["detail"]


@pytest.mark.parametrize(("loa", "expect"), [(2, "permit"), (1, "deny")])
def test_a_template_is_tried_as_if_it_were_open(small_world: World, loa: int, expect: str) -> None:
    drafted(small_world, ASKED | {"expect": expect, "loa": loa}, emergency={"minutes": 60})
    assert submitted(small_world).json["status"] == "submitted"


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields": ["no_such_field"]},
        {"fields": []},
        {"loa": 5},
        {"expect": "maybe"},
        {"relation": "Spouse!"},
        {"at": "2026-01-01T00:00:00"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"unknown": 1},
    ],
)
def test_an_expectation_that_means_nothing_is_refused_where_it_stands(
    small_world: World, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ManifestError):
        drafted(small_world, ASKED | wrong)


def test_the_signatures_are_for_the_expectations_too() -> None:
    one, other = (grant_of(grant("G-NEW", fields=["born"], expectations=listed)) for listed in ([ASKED], []))
    assert digest(one) != digest(other)
