"""The traps of the policy engine, one test each: what Cedar or Python lets pass, we refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from cedarpy import Decision, Entities, is_authorized, validate_policies

from policies import cedar, guards, schema
from policies.compiler import compile_policy
from policies.decision import Deny, Permit
from policies.expressions import OutsideProfile
from policies.guards import GUARDS, Guard
from policies.hierarchy import Hierarchy
from policies.index import InvalidImage, PolicyImage
from policies.model import SystemPrincipal
from policies.reference import Judge, cedar_request, entities
from tests.unit.policies.world import (
    GRANT,
    REGISTRY,
    agree,
    clause_ids,
    grant,
    image,
    permitted,
    refused,
    request,
)


def ask_cedar(asked: Any, known: list[Any], context: dict[str, Any] | None = None) -> Any:
    """Cedar itself, without our wrapper and without its schema."""
    body = cedar_request(asked, REGISTRY)
    body["context"].update(context or {})
    return is_authorized(body, guards.text() + cedar.render(GRANT), known)


def test_trap_1_a_forbid_that_errs_is_skipped_by_cedar_and_refused_by_us() -> None:
    """Without the asking system's attributes the guard on suspension errs; Cedar then allows."""
    known = list(entities(REGISTRY, "scholarship-portal", "active"))
    known[0] = {**known[0], "attrs": {}}
    skipped = ask_cedar(request(), known)
    assert skipped.allowed
    assert skipped.diagnostics.errors

    judge = Judge(image())
    permit = judge.judge(request())
    assert isinstance(permit, Permit)
    judge._entities = dict.fromkeys(judge._entities, Entities.from_json_str(json.dumps(known)))
    refusal = judge.judge(request())
    assert isinstance(refusal, Deny)
    assert refusal.code == "policy.engine-error"


def test_trap_1_an_error_in_the_compiled_form_refuses_and_says_only_its_kind() -> None:
    whole = image()
    broken = replace(whole, hierarchy=Hierarchy(whole.hierarchy.above, {}))
    refusal = broken.decide(request())
    assert isinstance(refusal, Deny)
    assert (refusal.code, clause_ids(refusal)) == ("policy.engine-error", ["ENGINE#KeyError"])


def test_trap_1_a_guard_that_errs_on_what_the_asking_settles_is_not_left_out() -> None:
    classified = "forbid (principal, action, resource) when { resource.classification >= 4 };"
    whole = image(guards=(Guard("G@1", classified, "policy.x", GUARDS[0].text),))
    assert isinstance(whole.decide(request()), Permit)
    providers = {uid: {"provider": said["provider"]} for uid, said in whole.hierarchy.attributes.items()}
    broken = replace(whole, hierarchy=Hierarchy(whole.hierarchy.above, providers), _settled={})
    for _ in range(2):
        assert clause_ids(broken.decide(request())) == ["ENGINE#KeyError"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"system": SystemPrincipal("ghost", "social-welfare", "active")}, "policy.unknown-principal"),
        ({"system": SystemPrincipal("scholarship-portal", "housing", "active")}, "policy.unknown-principal"),
        ({"evidence_type": "ghost"}, "policy.unknown-resource"),
        ({"provider": "housing"}, "policy.unknown-resource"),
        ({"evidence_type": "orphaned", "provider": "vanished"}, "policy.unknown-resource"),
        ({"service_item": "ghost"}, "policy.unknown-purpose"),
        ({"legal_basis": "ghost"}, "policy.unknown-basis"),
        ({"fields": frozenset({"ghost"})}, "policy.unknown-field"),
        ({"predicates": frozenset({"ghost"})}, "policy.unknown-predicate"),
    ],
)
def test_trap_2_whatever_is_not_registered_is_refused_before_any_policy(changes: dict[str, Any], code: str) -> None:
    assert refused(request(**changes)).code == code


def test_trap_2_in_on_an_absent_entity_is_silently_false_in_cedar() -> None:
    forbid = '@id("x") forbid (principal in Tongban::Organisation::"social-welfare", action, resource);'
    asked = cedar_request(request(), REGISTRY)
    asked["principal"] = {"type": "Tongban::System", "id": "ghost"}
    answer = is_authorized(asked, forbid + '@id("p") permit (principal, action, resource);', [])
    assert answer.allowed
    assert not answer.diagnostics.errors


@pytest.mark.parametrize(
    "changes",
    [
        {"loa": "two"},
        {"loa": None},
        {"loa": 2.0},
        {"fields": ["full_name"]},
        {"fields": frozenset({1})},
        {"now": datetime(2031, 6, 15)},  # noqa: DTZ001 - a time without a zone is the trap
        {"now": "2031-06-15T09:30:00Z"},
        {"present": 1},
        {"action": "obtain"},
        {"relation": None},
        {"quota_used_today": -1},
        {"quota_used_today": 2**63},
        {"consent": {"revoked": False}},
        {"system": None},
        {"system": SystemPrincipal("scholarship-portal", "social-welfare", None)},  # type: ignore[arg-type]
    ],
)
def test_trap_3_anything_but_the_declared_types_refuses(changes: dict[str, Any]) -> None:
    refusal = refused(request(**changes))
    assert (refusal.code, clause_ids(refusal)) == ("policy.engine-error", ["REQUEST#form"])


def test_trap_3_no_decision_is_a_third_value_and_counts_as_a_refusal() -> None:
    body = cedar_request(request(), REGISTRY)
    body["context"]["loa"] = "two"
    answer = is_authorized(body, cedar.render(GRANT), [], schema.handle())
    assert answer.decision is Decision.NoDecision
    assert answer.decision is not Decision.Deny

    judge = Judge(image())
    judge.judge(request())
    judge._entities = dict.fromkeys(judge._entities, Entities.from_json_str("[]"))
    refusal = judge.judge(request(consent=None, legal_basis="act-9"))
    assert isinstance(refusal, Deny)


def test_trap_3_something_else_than_a_request_is_refused() -> None:
    refusal = image().decide({"loa": 2})  # type: ignore[arg-type]
    assert isinstance(refusal, Deny)
    assert refusal.code == "policy.engine-error"


def test_trap_4_a_plain_refusal_has_no_reason_in_cedar_and_one_in_ours() -> None:
    too_low = request(loa=1)
    answer = ask_cedar(too_low, list(entities(REGISTRY, "scholarship-portal", "active")))
    assert answer.decision is Decision.Deny
    assert (answer.diagnostics.reasons, answer.diagnostics.errors) == ([], [])
    assert clause_ids(refused(too_low)) == ["DEM-0007@3#c8"]


def test_trap_5_an_empty_list_of_fields_does_not_pass() -> None:
    without_guard = tuple(guard for guard in GUARDS if guard.ref != "GUARD-FIELDS@1")
    nothing = request(fields=frozenset())
    assert isinstance(image(guards=without_guard).decide(nothing), Permit)
    assert refused(nothing).code == "policy.nothing-asked"


def test_trap_6_two_policies_of_one_id_are_not_accepted() -> None:
    twice = cedar.render(GRANT) + cedar.render(GRANT)
    assert validate_policies(twice, schema.text()).validation_passed
    with pytest.raises(cedar.InvalidPolicy):
        cedar.parse(twice)
    with pytest.raises(InvalidImage):
        image(GRANT, GRANT)
    with pytest.raises(InvalidImage):
        image(GRANT, grant(version=4))


def test_trap_7_an_error_hidden_by_short_circuit_cannot_be_written_at_all() -> None:
    """``false && context.z`` raises nothing, and even the validator accepts it; the typed compiler does not."""
    hidden = "forbid (principal, action, resource) when { false && context.z == 1 };"
    cedar.validate(hidden)
    with pytest.raises(OutsideProfile):
        image(guards=(Guard("x", hidden, "policy.x", GUARDS[0].text),))


def test_trap_8_there_is_no_arithmetic_to_overflow() -> None:
    sums = '@id("x") forbid (principal, action, resource) when { context.quotaUsedToday + 1 > 9223372036854775807 };'
    cedar.validate(sums)
    with pytest.raises(OutsideProfile):
        compile_policy(cedar.parse(sums)[0])


def test_trap_9_a_string_is_not_a_date() -> None:
    body = cedar_request(request(), REGISTRY)
    assert body["context"]["now"] == {"__extn": {"fn": "datetime", "arg": "2031-06-15T09:30:00.000Z"}}
    answer = ask_cedar(
        request(), list(entities(REGISTRY, "scholarship-portal", "active")), {"now": "2031-06-15T09:30:00.000Z"}
    )
    assert answer.decision is Decision.Deny
    assert answer.diagnostics.errors
    assert refused(request(now="2031-06-15")).code == "policy.engine-error"


@pytest.mark.parametrize("changes", [{"loa": True}, {"quota_used_today": False}, {"present": 1}])
def test_trap_10_true_is_not_one(changes: dict[str, Any]) -> None:
    assert refused(request(**changes), grant(min_loa=1)).code == "policy.engine-error"


def test_trap_11_a_quota_in_a_policy_only_reads_so_every_permit_says_what_to_reserve() -> None:
    last = request(quota_used_today=499)
    first, second = permitted(last), permitted(last)
    assert first.quotas == second.quotas
    assert [(quota.grant, quota.per_day) for quota in first.quotas] == [("DEM-0007@3", 500)]


def test_a_guard_that_is_no_forbid_or_has_a_scope_is_not_accepted() -> None:
    for text in (
        "permit (principal, action, resource);",
        'forbid (principal in Tongban::Organisation::"x", action, resource);',
        'forbid (principal, action, resource in Tongban::EvidenceType::"x");',
    ):
        with pytest.raises(OutsideProfile):
            image(guards=(Guard("G@1", text, "policy.x", GUARDS[0].text),))


def test_the_index_and_the_whole_set_give_the_same_answer() -> None:
    policies = image(GRANT, grant(id="DEM-A", consumer="housing"), grant(id="DEM-B", evidence_type="revenue-papers"))
    for asked in (request(), request(loa=1), request(consent=None)):
        decision = policies.decide(asked)
        assert agree(decision, Judge(policies).judge(asked))
        assert agree(decision, Judge(policies, sliced=False).judge(asked))


def test_nothing_is_compiled_before_it_is_needed() -> None:
    policies = PolicyImage.build((GRANT, grant(id="DEM-A", consumer="housing")), REGISTRY, 7)
    assert not policies._compiled
    policies.decide(request())
    assert list(policies._compiled) == [GRANT.ref]
