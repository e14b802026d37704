"""What is shared unconditionally is granted after the form check: two of the data office sign, its provider is told.

ADR 0092; Decree 809 and the local profile: the data office checks and grants, the provider is informed.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from exchange.governance.examination import Examining
from kernel.text import Text
from policies.grants.review import ReviewPackage
from tests.doubles.exchange import MARKET, POLICE, URBAN, World, grant
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_access_requests import (
    APPROVER,
    ASKED,
    ASSESSMENT,
    CONSUMER,
    DAY,
    GOVERNOR,
    PATH,
    PROVIDER,
    do,
    drafted,
    names,
    walked,
)
from tests.unit.exchange.test_grants import WHY
from tests.unit.exchange.test_share_types import identity_card, published

PROTECTOR: dict[str, Any] = {"sub": "he", "roles": ["data-protection-officer"], "organisation": URBAN}
FREE = identity_card(share_type="unconditional")
ONE_CONDITIONAL = identity_card(share_type="unconditional", born={"share_type": "conditional"})
OFFICE = ["governance-officer", "governance-approver"]
TWO = ["provider-officer", "governance-approver"]
NOW = {"valid_from": "2026-11-01", "valid_to": "2027-11-01"}


def accepted(world: World, **more: Any) -> str:
    """A request whose form is in order, and the address of the grant that was handed in with it."""
    request = drafted(world, grant=ASKED | NOW | more)
    walked(world, request, (CONSUMER, "submit"))
    return "/v1/grants/" + str(walked(world, request, (GOVERNOR, "accept"))["ref"]).partition("@")[0]


def seats(world: World, path: str) -> list[str]:
    return [seat["role"] for seat in world.officer("GET", path, **GOVERNOR).json["must_sign"]]


def signs(world: World, path: str, who: dict[str, Any], command: str = "approve") -> Any:
    digest = world.officer("GET", path, **GOVERNOR).json["digest"]
    return world.officer("POST", f"{path}/{command}", {"digest": digest}, **who)


def told(world: World, who: dict[str, Any], ref: str) -> list[str]:
    """What an office was told of a grant, in the order of words."""
    messages = world.officer("GET", "/v1/messages?show=all", **who).json["messages"]
    return sorted(one["kind"] for one in messages if one["about"] == ref)


def test_the_form_check_hands_in_the_grant_and_two_of_the_data_office_sign_it(world: World) -> None:
    published(world, FREE)
    path = accepted(world)
    ref = f"{path.rpartition('/')[2]}@1"
    shown = world.officer("GET", path, **GOVERNOR).json
    assert (shown["status"], shown["change"], seats(world, path)) == ("submitted", "widening", OFFICE)
    seen = world.officer("GET", f"{path}/examination", **GOVERNOR).json
    assert (seen["kept"], seen["unconditional"]) == (True, True)
    assert names(world, ref) == ["GrantDrafted", "GrantSubmitted"]
    assert told(world, PROVIDER, ref) == ["grant-unasked"]
    assert told(world, GOVERNOR, ref) == told(world, APPROVER, ref) == ["grant-to-sign"]

    assert signs(world, path, PROVIDER).json["reason"] == "grant.seat-taken"
    assert signs(world, path, CONSUMER | {"roles": ["governance-approver"]}).json["reason"] == (
        "grant.author-may-not-sign"
    )
    both = GOVERNOR | {"roles": OFFICE}
    assert signs(world, path, both).json["status"] == "submitted"
    assert signs(world, path, both).json["reason"] == "grant.already-signed"
    assert signs(world, path, APPROVER).json["status"] == "active"
    assert told(world, PROVIDER, ref) == ["grant-in-force", "grant-unasked"]
    assert world.rooms.request_sweep.sweep() == 1


def test_its_provider_suspends_it_at_once_and_is_told_when_it_is_back(world: World) -> None:
    published(world, FREE)
    path = accepted(world)
    for who in (GOVERNOR, APPROVER):
        signs(world, path, who)
    assert world.officer("POST", f"{path}/suspend", WHY, **PROVIDER).json["status"] == "suspended"
    assert seats(world, path) == OFFICE
    assert signs(world, path, PROVIDER, "reactivate").json["reason"] == "grant.seat-taken"
    assert signs(world, path, GOVERNOR, "reactivate").json["status"] == "suspended"
    assert signs(world, path, APPROVER, "reactivate").json["status"] == "active"
    known = told(world, PROVIDER, f"{path.rpartition('/')[2]}@1")
    assert known == ["grant-in-force", "grant-in-force", "grant-suspended", "grant-unasked"]


@pytest.mark.parametrize("more", [{}, {"fields": ["name"], "predicates": ["at-least-age"]}], ids=["item", "question"])
def test_one_conditional_item_among_unconditional_ones_has_its_provider_asked(
    world: World, more: dict[str, Any]
) -> None:
    """A grant that somebody wrote without a request as well."""
    published(world, ONE_CONDITIONAL)
    request = drafted(world, grant=ASKED | more)
    walked(world, request, (CONSUMER, "submit"))
    assert walked(world, request, (GOVERNOR, "accept"))["status"] == "with-provider"
    done = walked(world, request, (PROVIDER, "approve"))
    path = f"/v1/grants/{done['ref'].partition('@')[0]}"
    assert world.officer("GET", path, **GOVERNOR).json["status"] == "drafted"
    world.officer("POST", f"{path}/submit", {}, **CONSUMER)
    assert seats(world, path) == TWO
    world.apply(grant("G-NEW", **({"fields": ["born", "name"]} | more)))
    world.officer("POST", "/v1/grants/G-NEW/submit", {}, **GOVERNOR)
    assert seats(world, "/v1/grants/G-NEW") == TWO
    assert told(world, PROVIDER, "G-NEW@1") == ["grant-to-sign"]


def test_a_grant_that_nobody_asked_for_is_routed_by_the_same_rule_and_so_is_a_later_version(world: World) -> None:
    published(world, FREE)
    world.apply(grant("G-NEW", fields=["born"]))
    path = "/v1/grants/G-NEW"
    world.officer("POST", f"{path}/submit", {}, **GOVERNOR)
    assert seats(world, path) == OFFICE
    for who in (GOVERNOR, APPROVER):
        signs(world, path, who)
    world.apply(grant("G-NEW", fields=["born", "until"]))
    world.officer("POST", f"{path}@2/submit", {}, **GOVERNOR)
    assert seats(world, f"{path}@2") == OFFICE
    assert told(world, PROVIDER, "G-NEW@1") == ["grant-in-force", "grant-unasked"]
    assert told(world, PROVIDER, "G-NEW@2") == ["grant-unasked"]


def test_what_is_sensitive_takes_the_data_protection_officer_as_the_third(world: World) -> None:
    published(world, FREE)
    asked = ASKED | NOW | {"fields": ["name", "citizen_number"]}
    request = drafted(world, grant=asked, assessment=ASSESSMENT)
    walked(world, request, (CONSUMER, "submit"))
    path = f"/v1/grants/{walked(world, request, (GOVERNOR, 'accept'))['ref'].partition('@')[0]}"
    assert seats(world, path) == [*OFFICE, "data-protection-officer"]
    for who, status in ((GOVERNOR, "submitted"), (APPROVER, "submitted"), (PROTECTOR, "active")):
        assert signs(world, path, who).json["status"] == status


def test_the_last_signature_is_refused_for_what_became_conditional_and_its_provider_is_asked_then(
    world: World,
) -> None:
    published(world, FREE)
    path = accepted(world)
    assert signs(world, path, GOVERNOR).status_code == 200
    published(world, ONE_CONDITIONAL)
    refused = signs(world, path, APPROVER)
    assert (refused.status_code, refused.json["reason"]) == (403, "grant.provider-must-sign")
    assert "提供部门签署" in refused.json["detail"]
    assert world.officer("GET", path, **GOVERNOR).json["status"] == "submitted"
    assert world.officer("POST", f"{path}/return", WHY, **APPROVER).json["signatures"] == []
    assert world.officer("POST", f"{path}/submit", {}, **CONSUMER).json["status"] == "submitted"
    assert seats(world, path) == TWO
    assert signs(world, path, GOVERNOR).json["reason"] == "grant.seat-taken"
    assert signs(world, path, APPROVER).json["status"] == "submitted"
    assert signs(world, path, PROVIDER).json["status"] == "active"


def test_a_scheduled_grant_does_not_begin_where_its_provider_would_have_to_sign_by_then(world: World) -> None:
    published(world, FREE)
    path = accepted(world, valid_from="2026-12-01", valid_to="2027-11-01")
    signs(world, path, GOVERNOR)
    assert signs(world, path, APPROVER).json["status"] == "scheduled"
    published(world, ONE_CONDITIONAL)
    world.clock.advance(10 * DAY)
    assert world.rooms.expiry.begin() == 1
    assert world.officer("GET", path, **GOVERNOR).json["status"] == "drafted"
    (entry,) = [one for one in world.events("GrantReturned") if one["request"].startswith(path.rpartition("/")[2])]
    assert "provider must sign" in entry["facts"]["reason"]


def test_a_suspended_grant_does_not_come_back_without_its_provider_and_its_place_is_not_taken_without_it(
    world: World,
) -> None:
    published(world, FREE)
    world.apply(grant("G-NEW", fields=["born", "name"]))
    world.approve("G-NEW")
    path = "/v1/grants/G-NEW"
    world.officer("POST", f"{path}/suspend", WHY, **PROVIDER)
    published(world, ONE_CONDITIONAL)
    assert signs(world, path, GOVERNOR, "reactivate").status_code == 200
    refused = signs(world, path, APPROVER, "reactivate")
    assert (refused.status_code, refused.json["reason"]) == (403, "grant.provider-must-sign")
    world.apply(grant("G-NEW", fields=["born"]))
    world.officer("POST", f"{path}@2/submit", {}, **GOVERNOR)
    assert seats(world, f"{path}@2") == TWO
    assert world.officer("GET", f"{path}@1", **GOVERNOR).json["status"] == "suspended"


def test_the_form_is_not_in_order_where_the_grant_cannot_be_handed_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is half done: neither is the form accepted nor a grant drafted, and the request can be returned."""
    published(world, FREE)
    request = drafted(world)
    walked(world, request, (CONSUMER, "submit"))
    before = len(world.entries())
    review = Examining.review

    def broken(self: Examining, *arguments: Any) -> ReviewPackage:
        found = review(self, *arguments)
        object.__setattr__(found.examination, "broken", (Text("底线", "what must hold"),))
        return found

    monkeypatch.setattr(Examining, "review", broken)
    refused = do(world, GOVERNOR, request, "accept")
    assert (refused.status_code, refused.json["code"]) == (403, "access-request.not-allowed")
    assert refused.json["reason"] == "grant.invariant-broken"
    assert "请退回补正" in refused.json["detail"]
    assert len(world.entries()) == before
    assert world.officer("GET", f"{PATH}/{request}", **GOVERNOR).json["status"] == "submitted"
    assert world.officer("GET", f"/v1/grants/{request.replace('ar_', 'AR-')}", **GOVERNOR).status_code == 404
    browser = OfficersBrowser(world)
    browser.sign_in("wei", "governance-officer", organisation=URBAN)
    page = browser.press(f"/console/requests/{request}/accept")
    assert (page.status_code, "请退回补正" in page.text) == (403, True)
    assert walked(world, request, (GOVERNOR, "return", WHY))["status"] == "returned"


def test_the_pages_say_whose_turn_it_is_and_that_its_provider_does_not_sign(world: World) -> None:
    published(world, FREE)
    path = accepted(world)
    page = f"/console/grants/{path.rpartition('/')[2]}@1"
    browsers = {}
    for sub, role, organisation in (
        ("wei", "governance-officer", URBAN),
        ("gao", "governance-approver", URBAN),
        ("pan", "provider-officer", POLICE),
        ("chen", "consumer-officer", MARKET),
    ):
        browsers[sub] = OfficersBrowser(world)
        browsers[sub].sign_in(sub, role, organisation=organisation)
    for sub, waits in (("wei", True), ("gao", True), ("pan", False), ("chen", False)):
        assert ("等您处理" in browsers[sub].get("/console/grants").text) is waits, sub
    asked = browsers["wei"].get(f"{page}/approve").text
    assert "提供部门不签署" in asked
    assert re.search(r"须由以下席位签署：\s*数据主管部门经办人、\s*数据主管部门审批人", asked)
    for sub in ("wei", "gao"):
        assert browsers[sub].press(f"{page}/approve").status_code == 303
    assert "生效中" in browsers["pan"].get(page).text
    assert "可以随时暂停" in browsers["pan"].get("/console/messages").text
    assert browsers["pan"].press(f"{page}/suspend", reason="演示：核查中").status_code == 303


ENTRY = "/v1/catalogue/entries/evidence-types/identity-card"
REVIEWER = GOVERNOR | {"sub": "qin"}


def entered(world: World, who: dict[str, Any], manifest: dict[str, Any]) -> None:
    """A change of the type that somebody drafts."""
    made = world.officer("POST", "/v1/catalogue/entries", {"manifest": manifest}, **who)
    assert made.status_code == 201, made.text


def reviewed(world: World) -> Any:
    """It was handed in, and somebody else of data governance publishes it."""
    world.officer("POST", f"{ENTRY}/review", {}, **REVIEWER)
    seen = world.officer("GET", ENTRY, **REVIEWER).json["draft"]["digest"]
    done = world.officer("POST", f"{ENTRY}/publish", {"digest": seen}, **REVIEWER)
    world.rooms.policy.renew()
    return done


@pytest.mark.parametrize(
    "manifest",
    [FREE, ONE_CONDITIONAL, identity_card(share_type="unconditional", name={"zh": "居民身份", "en": "identity"})],
    ids=["all", "some", "all and another name"],
)
def test_the_data_office_does_not_take_the_providers_seat_away_by_the_catalogue(
    world: World, manifest: dict[str, Any]
) -> None:
    """Written down as unconditional for a moment, it would be granted without its provider, and stay granted."""
    entered(world, GOVERNOR, manifest)
    refused = world.officer("POST", f"{ENTRY}/submit", {}, **GOVERNOR)
    assert (refused.status_code, refused.json.get("reason")) == (403, "catalogue.provider-hands-in"), refused.text
    assert world.officer("POST", f"{ENTRY}/submit", {}, **PROVIDER).json["status"] == "change_pending"
    assert reviewed(world).status_code == 200
    path = accepted(world, fields=["name"])
    assert seats(world, path) == OFFICE


def guarded(spec: dict[str, Any], **items: dict[str, Any]) -> dict[str, Any]:
    manifest = identity_card(**spec)
    for name, changed in items.items():
        manifest["spec"]["fields"][name] |= changed
    return manifest


@pytest.mark.parametrize(
    ("published_before", "manifest"),
    [
        (identity_card(), guarded({}, address={"sensitivity": 2})),
        (identity_card(), guarded({}, citizen_number={"minimal_mask": "clear"})),
        (identity_card(classification=3), identity_card(classification=2)),
    ],
    ids=["sensitivity", "mask", "classification"],
)
def test_nor_what_keeps_its_data_guarded(
    world: World, published_before: dict[str, Any], manifest: dict[str, Any]
) -> None:
    """Less sensitive for a moment, an address would be granted without the data-protection officer."""
    world.revoke("G-IDENTITY")
    published(world, published_before)
    entered(world, GOVERNOR, manifest)
    refused = world.officer("POST", f"{ENTRY}/submit", {}, **GOVERNOR)
    assert (refused.status_code, refused.json.get("reason")) == (403, "catalogue.provider-hands-in"), refused.text
    assert world.officer("POST", f"{ENTRY}/submit", {}, **PROVIDER).status_code == 200
    assert reviewed(world).status_code == 200


def test_a_new_type_is_shared_unconditionally_by_its_provider_alone_as_the_page_says(small_world: World) -> None:
    manifest = identity_card(share_type="unconditional")
    manifest["metadata"] = {"name": "residence-card"}
    at, entered_at = "/console/entries/evidence-types/residence-card", ENTRY.replace("identity", "residence")
    entered(small_world, GOVERNOR, manifest)
    browser = OfficersBrowser(small_world)
    browser.sign_in(GOVERNOR["sub"], "governance-officer", organisation=URBAN)
    page = browser.press(f"{at}/submit")
    assert (page.status_code, "由提供部门经办人提交" in page.text) == (403, True), page.text
    other = PROVIDER | {"organisation": MARKET}
    assert small_world.officer("POST", f"{entered_at}/submit", {}, **other).status_code == 403
    assert small_world.officer("POST", f"{entered_at}/submit", {}, **PROVIDER).json["status"] == "submitted"


@pytest.mark.parametrize(
    "manifest",
    [
        identity_card(share_type="unconditional", born={"share_type": "conditional", "sensitivity": 2}),
        identity_card(share_type="conditional"),
        guarded({}, born={"sensitivity": 4}, citizen_number={"minimal_mask": "last4"}),
    ],
    ids=["as before", "less", "less, and more guarded"],
)
def test_the_data_office_hands_in_what_does_not_become_unconditional(world: World, manifest: dict[str, Any]) -> None:
    published(world, ONE_CONDITIONAL)
    entered(world, GOVERNOR, manifest)
    assert world.officer("POST", f"{ENTRY}/submit", {}, **GOVERNOR).status_code == 200
    assert reviewed(world).status_code == 200
