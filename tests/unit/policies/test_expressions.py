"""The closed profile: every operator in it means what Cedar means by it, and nothing outside it is enforced."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cedarpy import PolicySet, is_authorized, pst

from policies import cedar, schema
from policies.compiler import compile_policy
from policies.expressions import OutsideProfile, condition
from policies.facts import establish, settle
from policies.hierarchy import Hierarchy
from policies.reference import cedar_request, entities
from tests.unit.policies.world import CONSENT, REGISTRY, request

HIERARCHY = Hierarchy.of(REGISTRY)


def expression(text: str) -> pst.Expr:
    (tree,) = cedar.parse(f'@id("x") permit (principal, action, resource) when {{ {text} }};')
    (clause,) = tree.clauses
    assert isinstance(clause, pst.When)
    return clause.expr


def by_cedar(text: str, asked: Any) -> bool:
    policy = f"permit (principal, action, resource) when {{ {text} }};"
    known = list(entities(REGISTRY, asked.system.id, "active"))
    answer = is_authorized(cedar_request(asked, REGISTRY), PolicySet.from_str(policy), known, schema.handle())
    assert not answer.diagnostics.errors, answer.diagnostics.errors
    return answer.allowed


@pytest.mark.parametrize(
    "text",
    [
        "context.loa == 2",
        "context.loa == 3",
        "context.loa != 2",
        "context.loa != 3",
        "context.loa < 2",
        "context.loa < 3",
        "context.loa <= 2",
        "context.loa <= 1",
        "context.loa > 2",
        "context.loa > 1",
        "context.loa >= 2",
        "context.loa >= 3",
        "2 <= context.loa",
        "context.loa >= -5",
        "context.loa < context.quotaUsedToday",
        "context.present && context.loa == 2",
        "context.present && context.loa == 3",
        "context.loa == 3 || context.present",
        "context.loa == 3 || !context.present",
        "!context.present",
        "!(context.present && !context.present)",
        "true",
        "false",
        "context.present == true",
        "context.fields.isEmpty()",
        "context.predicates.isEmpty()",
        'context.fields.contains("full_name")',
        'context.fields.contains("address")',
        '["full_name", "income_band", "address"].containsAll(context.fields)',
        '["full_name"].containsAll(context.fields)',
        'context.fields.containsAny(["address", "full_name"])',
        'context.fields.containsAny(["address"])',
        'context.fields == ["income_band", "full_name"]',
        'context.fields == ["full_name"]',
        'context.basisKind == "consent"',
        'context.basisKind == "statutory"',
        'context.relation != "self"',
        'principal in Tongban::Organisation::"social-welfare"',
        'principal in Tongban::Organisation::"municipality"',
        'principal in Tongban::Organisation::"housing"',
        'principal in Tongban::Organisation::"never-heard-of"',
        'principal in [Tongban::Organisation::"housing", Tongban::Organisation::"municipality"]',
        'principal in [Tongban::Organisation::"housing"]',
        'principal == Tongban::System::"scholarship-portal"',
        'principal != Tongban::System::"scholarship-portal"',
        'resource in Tongban::EvidenceType::"revenue-papers"',
        'resource == Tongban::EvidenceType::"income-certificate"',
        'resource.provider == Tongban::Organisation::"revenue"',
        'resource.provider in Tongban::Organisation::"municipality"',
        "resource.classification >= 2",
        "resource.classification >= 3",
        'principal.status == "active"',
        'context.purpose in Tongban::ServiceItem::"scholarships"',
        'context.purpose in [Tongban::ServiceItem::"parking", Tongban::ServiceItem::"scholarships"]',
        'context.purpose in Tongban::ServiceItem::"parking"',
        'context.legalBasis == Tongban::LegalBasis::"rules-4-2"',
        'context.now >= datetime("2031-06-15T09:30:00.000Z")',
        'context.now > datetime("2031-06-15T09:30:00.000Z")',
        'context.now < datetime("2031-06-15T09:30:00.001Z")',
        'context.now < datetime("2031-06-16")',
        'context.now < datetime("2031-06-15T17:30:00.001+0800")',
        "context has consent",
        "context has consent && context.consent.revoked",
        "context has consent && context.consent.purpose == context.purpose",
        "context has consent && context.consent.notBefore <= context.now",
        "context has consent && context.consent.evidenceType == resource",
        "context has consent && context.consent.evidenceType.classification == 2",
    ],
)
@pytest.mark.parametrize("consented", [True, False])
def test_every_expression_of_the_profile_means_what_cedar_means(text: str, consented: bool) -> None:
    asked = request(consent=CONSENT if consented else None)
    facts = establish(asked, REGISTRY, HIERARCHY)
    compiled, meant = condition(expression(text)), by_cedar(text, asked)
    assert compiled.holds(facts) is meant
    if compiled.settled:  # then what the asking alone says is enough to tell
        assert compiled.holds(settle(asked, REGISTRY, HIERARCHY)) is meant


@pytest.mark.parametrize(
    "text",
    [
        "context.loa + 1 == 3",
        "context.loa - 1 == 1",
        "context.loa * 2 == 4",
        "-context.loa == 2",
        'context.relation like "s*"',
        "if context.present then true else false",
        "resource is Tongban::EvidenceType",
        "{a: 1} has a",
        'context.now.offset(duration("1d")) > context.now',
        'ip("127.0.0.1").isIpv4()',
        "context.now == datetime(context.relation)",
        'context.now < datetime("not a date")',
        "context.loa",
        "context.loa && true",
        "!context.loa",
        "context.unheard",
        "context.loa.deeper",
        "context.purpose.name == 1",
        'Tongban::System::"scholarship-portal".status == "active"',
        "context has loa",
        "context has consent.revoked",
        "principal has status",
        "context.relation == 1",
        'context.loa == "2"',
        "context.loa < context.now",
        "context.present < context.present",
        "context.fields.contains(1)",
        "context.fields.containsAll([1])",
        'context.fields.containsAll(["a", 1])',
        "context.fields.containsAll([context.relation])",
        "[].containsAll(context.fields)",
        "context.relation.isEmpty()",
        "context.relation in context.purpose",
        "context.consent == context.consent",
        'action == Tongban::Action::"obtain"',
        'principal in Other::Organisation::"x"',
        'context.purpose == Tongban::Unheard::"x"',
        'principal.getTag("x") == 1',
    ],
)
def test_whatever_is_outside_the_profile_is_refused_unread(text: str) -> None:
    with pytest.raises(OutsideProfile):
        condition(expression(text))


def test_a_number_beyond_64_bits_is_refused() -> None:
    with pytest.raises(OutsideProfile):
        condition(pst.BinaryOp("eq", pst.GetAttr(pst.Var("context"), "loa"), pst.LongLit(2**63)))


def test_an_expression_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(OutsideProfile):
        condition(pst.Slot("principal"))


def tree(text: str) -> pst.Template:
    return cedar.parse(f'@id("x") {text}')[0]


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("true", True),
        ('principal.status == "active"', True),
        ('principal in Tongban::Organisation::"housing" || resource.classification >= 2', True),
        ('resource.provider == Tongban::Organisation::"revenue"', True),
        ('context.purpose in [Tongban::ServiceItem::"parking"] && context.basisKind == "consent"', True),
        ("context.loa >= 2", False),
        ("!context.present", False),
        ("context.fields.isEmpty()", False),
        ('["full_name"].containsAll(context.fields)', False),
        ("context has consent", False),
        ('context.basisKind == "consent" && context.loa >= 2', False),
        ("context has consent && context.consent.purpose == context.purpose", False),
        ("context has consent && context.consent.evidenceType == resource", False),
        ('context.now >= datetime("2031-06-15T09:30:00.000Z")', False),
    ],
)
def test_only_what_the_asking_says_is_settled_by_it(text: str, settled: bool) -> None:
    """Whatever differs among the requests of one asking would otherwise be decided by the first of them."""
    assert condition(expression(text)).settled is settled


def applies(policy: pst.Template) -> bool:
    compiled = compile_policy(policy)
    possible = compiled.is_possible(settle(request(), REGISTRY, HIERARCHY))
    return possible and compiled.applies(establish(request(), REGISTRY, HIERARCHY))


def test_a_policy_without_conditions_always_applies() -> None:
    assert applies(tree("forbid (principal, action, resource);"))


def test_a_policy_of_another_action_does_not_apply() -> None:
    verify = tree('permit (principal, action == Tongban::Action::"verify", resource);')
    either = tree('permit (principal, action in [Tongban::Action::"verify", Tongban::Action::"obtain"], resource);')
    assert (applies(verify), applies(either)) == (False, True)


def test_unless_is_an_exception_that_needs_all_its_parts() -> None:
    met = tree("forbid (principal, action, resource) unless { context.present && context.loa == 2 };")
    half = tree("forbid (principal, action, resource) unless { context.present && context.loa == 3 };")
    assert (applies(met), applies(half)) == (False, True)


def test_two_exceptions_or_no_action_at_all_are_outside_the_profile() -> None:
    with pytest.raises(OutsideProfile):
        compile_policy(tree("forbid (principal, action, resource) unless { true } unless { false };"))
    with pytest.raises(OutsideProfile):
        compile_policy(replace(tree("permit (principal, action, resource);"), action=pst.ActionIn(())))
