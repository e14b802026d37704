"""Every code with which a decision refuses: reached through the API, with its words and whose turn it is."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from exchange.gateway import refusals
from exchange.in_force.snapshot import Snapshot
from kernel.clock import ManualClock
from kernel.manifests import ManifestError
from policies.decision import Deny, Permit
from policies.grants.terms import Obligation
from policies.refusals import REFUSALS
from policies.registry import Registry
from tests.doubles.exchange import (
    BASIS,
    CATALOGUE,
    ITEM,
    MARKET,
    NAME,
    OTHER_ITEM,
    OWNER,
    STAFF,
    WORKER,
    World,
    detail,
    grant,
    number,
    request,
    service_item,
    system,
)
from tests.unit.exchange.test_emergency import opened, template, use

Answer = Any

CHILD = number(8, "2012-11-24")
"""Fourteen tomorrow."""


def ask(world: World, item: Mapping[str, Any] = NAME, **claims: Any) -> Answer:
    case = world.open_case()
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, item), **claims)
    return world.ask(case, item, token=token)


def replaced(world: World, **more: Any) -> None:
    """A new version of the identity grant, approved."""
    world.apply(grant("G-IDENTITY", **more))
    world.approve("G-IDENTITY")


def no_grant(world: World) -> Answer:
    world.revoke("G-STAFF")
    return ask(world, STAFF)


def field_not_granted(world: World) -> Answer:
    return ask(world, {"type": "identity-card", "fields": ["born"]})


def predicate_not_granted(world: World) -> Answer:
    replaced(world)
    return ask(world, NAME | {"predicates": [{"name": "exists"}]})


def purpose_not_granted(world: World) -> Answer:
    replaced(world, service_items=[OTHER_ITEM])
    return ask(world)


def basis_not_granted(world: World) -> Answer:
    more = service_item(ITEM, MARKET)
    more["spec"]["legal_bases"].append(
        {"code": "other-basis", "kind": "statutory", "citation": {"zh": "一", "en": "a"}}
    )
    world.apply(more)
    world.rooms.policy.renew()
    case = world.open_case()
    details = detail(case, NAME, basis="other-basis")
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=details)
    return world.call("POST", "/v1/evidence-requests", token, request(case, NAME, legal_basis="other-basis"))


def relation_not_granted(world: World) -> Answer:
    case = world.open_case((WORKER, "employee"))
    world.ask(case, STAFF)
    return world.ask(case, STAFF | {"subject": {"scheme": "citizen-number", "value": WORKER, "relation": "employee"}})


def absence_not_granted(world: World) -> Answer:
    case = world.open_case((OWNER, "applicant"))
    item = NAME | {"subject": {"scheme": "citizen-number", "value": OWNER}}
    token = world.issuer.token(world.holder, authorization_details=detail(case, item), act={"sub": "officer-7"})
    return world.ask(case, item, token=token)


def assurance_too_low(world: World) -> Answer:
    return ask(world, acr="urn:tongban:loa:1")


def presence_unproven(world: World) -> Answer:
    return ask(world, acr=None)


def not_yet_valid(world: World) -> Answer:
    """On a node whose clock is behind: what is to begin waits outside the set that decisions are made by."""
    replaced(world, valid_from=world.clock.now().isoformat())
    return ask(world.another_node(clock=ManualClock(world.clock.now() - timedelta(seconds=1))))


def expired(world: World) -> Answer:
    replaced(world, valid_to="2026-11-24")
    world.clock.advance(24 * 3600)
    world.rooms.policy.renew()
    return ask(world)


def quota_exceeded(world: World) -> Answer:
    replaced(world, quota_per_day=1)
    ask(world)
    return ask(world)


def outside_hours(world: World) -> Answer:
    replaced(world, hours={"from": 8, "to": 17})  # it is 17:30 in China
    return ask(world)


def mandate_missing(world: World) -> Answer:
    replaced(world, mandate_required=True)
    return ask(world)


def subject_sealed(world: World) -> Answer:
    body = {
        "subject": {"scheme": "citizen-number", "value": OWNER},
        "citation": {"zh": "演示规定第九条", "en": "Demo rules, article 9"},
        "until": "2027-01-01",
    }
    assert world.officer("POST", "/v1/sealings", body, sub="g", roles=["governance-officer"]).status_code == 201
    world.rooms.policy.renew()
    return ask(world)


def minor_without_guardian(world: World) -> Answer:
    case = world.open_case((CHILD, "applicant"))
    token = world.issuer.token(world.holder, person=CHILD, authorization_details=detail(case, NAME))
    return world.ask(case, NAME, token=token)


def division_not_own(world: World) -> Answer:
    replaced(world, own_division_only=True)  # identity cards belong to no division
    return ask(world)


def delivery_not_granted(world: World) -> Answer:
    replaced(world, delivery_modes=["preview"])
    return ask(world)


def system_locked(world: World) -> Answer:
    replaced(world, absent_allowed=True)
    world.apply(system("market-website", MARKET, people_per_hour=1))
    for serial in (20, 22):
        person = number(serial)
        item = NAME | {"subject": {"scheme": "citizen-number", "value": person}}
        case = world.open_case((person, "applicant"))
        token = world.issuer.token(world.holder, authorization_details=detail(case, item), act={"sub": "officer-7"})
        answer = world.ask(case, item, token=token)
    return answer


def consent_missing(world: World) -> Answer:
    world.revoke("G-IDENTITY")
    world.revoke("G-STAFF")
    world.apply(service_item(ITEM, MARKET, kind="consent"))
    replaced(world, basis_kind="consent", relations=["self", "employee"])
    world.apply(grant("G-STAFF", evidence_type="staff-list", fields=["employer"], basis_kind="consent"))
    world.approve("G-STAFF")
    assert ask(world).json["status"] == "delivered"  # the person agreed to exactly this at sign-in
    case = world.open_case((WORKER, "employee"))
    assert world.ask(case, STAFF).json["status"] == "delivered"
    return world.ask(case, NAME | {"subject": {"scheme": "citizen-number", "value": WORKER, "relation": "employee"}})


def unknown_resource(world: World) -> Answer:
    return ask(world, {"type": "no-such-evidence", "fields": ["name"]})


def unknown_basis(world: World) -> Answer:
    case = world.open_case()
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, NAME, basis="no-basis"))
    return world.call("POST", "/v1/evidence-requests", token, request(case, NAME, legal_basis="no-basis"))


def unknown_field(world: World) -> Answer:
    return ask(world, {"type": "identity-card", "fields": ["no_such_field"]})


def unknown_predicate(world: World) -> Answer:
    return ask(world, {"type": "staff-list", "predicates": [{"name": "exists"}]})


def not_shared(world: World) -> Answer:
    kind = copy.deepcopy(next(one for one in CATALOGUE if one["metadata"]["name"] == "identity-card"))
    kind["spec"]["fields"]["born"] |= {"share_type": "not_shared", "share_citation": {"zh": "某法", "en": "some act"}}
    world.revoke("G-IDENTITY")
    world.apply(kind)
    world.rooms.policy.renew()
    return ask(world, {"type": "identity-card", "fields": ["born"]})


def emergency_not_open(world: World) -> Answer:
    template(world)
    case, opening = opened(world)
    template(world, emergency={"minutes": 60})  # a newer version, which nobody opened
    return use(world, case, opening)


def emergency_over(world: World) -> Answer:
    template(world)
    case, opening = opened(world)
    world.clock.advance(2 * 3600)
    return use(world, case, opening)


REACHED: Mapping[str, Callable[[World], Answer]] = {
    "policy.no-grant": no_grant,
    "policy.field-not-granted": field_not_granted,
    "policy.predicate-not-granted": predicate_not_granted,
    "policy.purpose-not-granted": purpose_not_granted,
    "policy.basis-not-granted": basis_not_granted,
    "policy.relation-not-granted": relation_not_granted,
    "policy.absence-not-granted": absence_not_granted,
    "policy.assurance-too-low": assurance_too_low,
    "policy.presence-unproven": presence_unproven,
    "policy.not-yet-valid": not_yet_valid,
    "policy.expired": expired,
    "policy.outside-hours": outside_hours,
    "policy.mandate-missing": mandate_missing,
    "policy.quota-exceeded": quota_exceeded,
    "policy.division-not-own": division_not_own,
    "policy.delivery-not-granted": delivery_not_granted,
    "policy.consent-missing": consent_missing,
    "policy.subject-sealed": subject_sealed,
    "policy.minor-without-guardian": minor_without_guardian,
    "policy.emergency-not-open": emergency_not_open,
    "policy.system-locked": system_locked,
    "policy.emergency-over": emergency_over,
    "policy.unknown-resource": unknown_resource,
    "policy.unknown-basis": unknown_basis,
    "policy.unknown-field": unknown_field,
    "policy.unknown-predicate": unknown_predicate,
    "policy.not-shared": not_shared,
}
"""How a department meets each code."""

BARRED = {
    "policy.engine-error": "only a defect of the engine itself",
    "policy.nothing-asked": "the form refuses it first",
    "policy.obligation-unknown": "such a grant is never activated",
    "policy.provider-not-granted": "a type with grants in force does not move to another provider",
    "policy.system-suspended": "the whole request is refused first (system.suspended)",
    "policy.unknown-principal": "the whole request is refused first (system.unknown)",
    "policy.unknown-purpose": "the whole request is refused first (catalogue.unknown-service-item)",
}
"""Codes that an earlier check keeps a department from meeting; the decision would refuse all the same."""


def test_every_code_of_a_decision_is_reached_or_barred_by_an_earlier_check() -> None:
    assert REACHED.keys() | BARRED.keys() == REFUSALS.keys()


@pytest.mark.parametrize("code", sorted(REACHED))
def test_a_refusal_names_its_code_and_releases_nothing(small_world: World, code: str) -> None:
    answer = REACHED[code](small_world)
    assert answer.status_code == (401 if code == "policy.assurance-too-low" else 200), answer.text
    (item,) = answer.json["evidence"]
    assert (item["status"], item["problem"]["code"]) == ("refused", code)
    assert item["problem"]["fault"] == REFUSALS[code].fault.value
    assert item["problem"]["next_step"]
    assert not {"data", "answers", "jws"} & item.keys()
    assert small_world.events("EvidenceRefused")[-1]["facts"]["reason"] == code


def test_too_weak_a_sign_in_is_challenged_for_a_stronger_one(small_world: World) -> None:
    """RFC 9470 §3: the acr that would do; the client signs the person in with it and asks anew."""
    answer = assurance_too_low(small_world)
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith('DPoP error="insufficient_user_authentication"')
    (clause,) = answer.json["evidence"][0]["problem"]["unmet"]
    assert f'acr_values="{clause["acr"]}"' in challenge
    assert 'algs="ES256' in challenge  # RFC 9449 §7.1
    stronger = ask(small_world, acr=clause["acr"])
    assert (stronger.status_code, stronger.json["status"]) == (200, "delivered")


def test_another_sign_in_is_not_asked_for_where_it_would_not_help(small_world: World) -> None:
    """RFC 9470 §3: a second clause is unmet, so the refusal stays a refusal."""
    replaced(small_world, service_items=[OTHER_ITEM])
    answer = ask(small_world, acr="urn:tongban:loa:1")
    codes = {clause["code"] for clause in answer.json["evidence"][0]["problem"]["unmet"]}
    assert codes == {"policy.purpose-not-granted", "policy.assurance-too-low"}
    assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (200, False)


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_every_code_has_a_problem_in_both_languages(code: str) -> None:
    refusal = refusals.by_policy(Deny(code=code, clauses=(), grants=(), epoch=1))
    zh, en = (refusals.describe(refusal, "dec_1", language) for language in ("zh", "en"))
    assert zh["code"] == en["code"] == code
    assert zh["title"] != en["title"]
    assert zh["status"] == 403


def test_a_type_with_grants_in_force_does_not_move_to_another_provider(small_world: World) -> None:
    moved = next(one for one in CATALOGUE if one["metadata"]["name"] == "identity-card")
    with pytest.raises(ManifestError, match="G-IDENTITY@1"):
        small_world.apply(moved | {"spec": moved["spec"] | {"provider": MARKET}})
    small_world.rooms.policy.renew()
    assert ask(small_world).json["status"] == "delivered"


def test_a_suspended_system_obtains_nothing(small_world: World) -> None:
    small_world.apply(system("market-website", MARKET, status="suspended"))
    small_world.rooms.policy.renew()
    token = small_world.issuer.token(small_world.holder, person=OWNER)
    answer = small_world.call("POST", "/v1/evidence-requests", token, request("case_" + "0" * 26, NAME))
    assert (answer.status_code, answer.json["code"]) == (403, "system.suspended")
    assert small_world.events("EvidenceRefused")[-1]["facts"]["reason"] == "system.suspended"


def test_a_client_that_is_no_system_obtains_nothing(small_world: World) -> None:
    token = small_world.issuer.token(small_world.holder, "nobody", person=OWNER)
    answer = small_world.call("POST", "/v1/evidence-requests", token, request("case_" + "0" * 26, NAME))
    assert (answer.status_code, answer.json["code"]) == (403, "system.unknown")


def test_a_service_item_nobody_knows_is_refused_before_anything_else(small_world: World) -> None:
    token = small_world.issuer.token(small_world.holder, person=OWNER)
    body = request("case_" + "0" * 26, NAME, service_item="110000000000")
    answer = small_world.call("POST", "/v1/evidence-requests", token, body)
    assert (answer.status_code, answer.json["code"]) == (422, "catalogue.unknown-service-item")


class _Permissive:
    """An engine that permits everything, with an obligation nobody knows how to meet."""

    epoch = 1

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def lapses(self, *_said: object) -> bool:
        return False

    def decide(self, _request: object) -> Permit:
        return Permit(
            grants=("X@1",), release={}, predicates=frozenset(), obligations=(Obligation("x"),), quotas=(), epoch=1
        )


def test_P1_even_a_broken_engine_cannot_release_a_field_it_did_not_name(small_world: World) -> None:
    snapshot: Snapshot = small_world.rooms.policy.current()
    broken = replace(snapshot, image=_Permissive(snapshot.image.registry))
    small_world.rooms.policy._held = (broken, small_world.clock.monotonic() + 1)
    (item,) = ask(small_world).json["evidence"]
    assert item["data"] == {}
    assert BASIS
