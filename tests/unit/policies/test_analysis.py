"""Approval that understands: the class of a change, its examples, and what is said when nothing was proved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kernel.canonical import decode, encode
from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies import cedar
from policies.analysis.change import Proposal, basis, examine
from policies.analysis.invariants import Invariant, prove
from policies.analysis.questions import examiner
from policies.analysis.region import Region
from policies.analysis.solver import Limit, Questioning
from policies.analysis.terms import Encoder
from policies.expressions import Condition, OutsideProfile
from policies.grants.differences import Direction
from policies.grants.grant import Grant
from policies.grants.review import Examination, ReviewPackage
from policies.grants.routing import ONE, THREE, TWO, panel
from policies.grants.terms import Obligation
from policies.guards import GUARDS, Guard
from policies.index import PolicyImage
from policies.model import BasisKind
from policies.obligations import is_kept_by
from policies.registry import RegisteredOrganisation, RegisteredSystem, Registry
from policies.roles import Role
from tests.unit.policies.world import GRANT, NOW, REGISTRY, grant

DAY = timedelta(days=1)


def proposal(*active: Grant, **changes: Any) -> Proposal:
    options = {"active": active or (GRANT,), "registry": REGISTRY, "at": NOW}
    named = {name: changes.pop(name) for name in (*options, "guards", "limit") if name in changes}
    return Proposal(grant=grant(**{"version": 4} | changes), **options | named)


def examined(*active: Grant, **changes: Any) -> Examination:
    return examine(proposal(*active, **changes))


def answers(one: Examination) -> dict[str, str]:
    return {finding["question"]: finding["answer"] for finding in one.shown["findings"]}


def signers(one: Examination) -> tuple[Role, ...]:
    return panel(one.change, one.sensitive)


@pytest.mark.parametrize(
    ("changes", "change"),
    [
        ({"statute": Text("另一种写法", "other words")}, "equivalent"),
        ({"service_items": frozenset({"scholarships", "post-matric"})}, "equivalent"),
        ({"obligations": tuple(reversed(GRANT.obligations))}, "equivalent"),
        ({"min_loa": 3}, "tightening"),
        ({"fields": GRANT.fields - {"income_band"}}, "tightening"),
        ({"valid_to": GRANT.valid_to - DAY}, "tightening"),
        ({"quota_per_day": 499}, "tightening"),
        ({"masks": {"cert_no": Mask.LAST4, "valid_until": Mask.YEAR}}, "tightening"),
        ({"obligations": (Obligation.parse("notify-citizen:PT1H"), Obligation.parse("retain:P30D"))}, "tightening"),
        ({"service_items": frozenset({"post-matric"})}, "tightening"),
        ({"masks": {}}, "widening"),
        ({"masks": {"cert_no": Mask.NUMBER}}, "widening"),
        ({"obligations": GRANT.obligations[:1]}, "widening"),
        ({"obligations": (*GRANT.obligations[:1], Obligation.parse("retain:P91D"))}, "widening"),
        ({"quota_per_day": 501}, "widening"),
        ({"quota_per_day": None}, "widening"),
        ({"fields": GRANT.fields | {"address"}}, "widening"),
        ({"predicates": frozenset({"exists"})}, "widening"),
        ({"relations": frozenset({"self", "spouse"})}, "widening"),
        ({"service_items": frozenset({"scholarships", "parking"})}, "widening"),
        ({"min_loa": 1}, "widening"),
        ({"absent_allowed": True}, "widening"),
        ({"valid_to": GRANT.valid_to + DAY}, "widening"),
        ({"consumer": "municipality"}, "widening"),
        ({"evidence_type": "revenue-papers"}, "widening"),
        ({"fields": GRANT.fields | {"address"}, "valid_to": GRANT.valid_to - DAY}, "incomparable"),
        ({"basis_kind": BasisKind.STATUTORY, "legal_basis": "act-9"}, "incomparable"),
        ({"obligations": (*GRANT.obligations[:1], Obligation.parse("retain:P3M"))}, "incomparable"),
    ],
)
def test_the_class_of_a_change(changes: dict[str, Any], change: str) -> None:
    """Released is more than allowed: masks, duties and quotas count as well as whom it lets through."""
    assert examined(**changes).change == change


def test_a_new_grant_is_wider_and_one_that_stands_suspended_is_new() -> None:
    one = examine(replace(proposal(), active=()))
    assert (one.change, answers(one)) == ("widening", {"newly-allowed": "example"})
    assert one.shown["against"] == []


def test_a_grant_that_permits_nothing_today_is_wider_all_the_same() -> None:
    """No request can rest on this basis yet; once the registry has it, everything flows."""
    one = examine(replace(proposal(legal_basis="not-registered"), active=()))
    assert (answers(one), one.change) == ({"newly-allowed": "proved-none"}, "widening")


def test_what_was_is_not_changed_by_a_grant() -> None:
    """The past does not count: only requests from now on are asked about."""
    one = examined(valid_from=NOW - DAY)
    assert answers(one)["no-longer-allowed"] == "proved-none"


def test_an_example_says_who_asks_for_what_and_how_it_is_decided_before_and_after() -> None:
    (found,) = [f for f in examined(fields=GRANT.fields | {"address"}).shown["findings"] if "example" in f]
    assert found["request"]["fields"] == ["address"]
    assert "Before: refused" in found["example"]["en"]
    assert "after: allowed" in found["example"]["en"]
    assert "此前：拒绝" in found["example"]["zh"]


def test_tightening_one_of_two_grants_can_loosen_what_leaves() -> None:
    """Both permit, and the stronger mask wins; once the masked one no longer applies, the clear field leaves."""
    clear = grant(id="DEM-0008", masks={}, quota_per_day=None, obligations=())
    one = examined(GRANT, clear, min_loa=4)
    assert answers(one)["newly-allowed"] == answers(one)["released-looser"] == "proved-none"
    assert answers(one)["others-released-looser"] == "example"
    assert one.change == "incomparable"


def test_a_mask_that_the_catalogue_demands_anyway_is_shown_as_no_example() -> None:
    before = grant(masks={"cert_no": Mask.LAST4, "full_name": Mask.NUMBER})
    assert answers(examined(before))["released-looser"] == "proved-none"
    assert examined(before).change == "widening"  # the catalogue may change its mind


@pytest.mark.parametrize("changes", [{"min_loa": 3}, {"fields": GRANT.fields - {"cert_no"}, "masks": {}}])
def test_without_an_answer_in_time_it_counts_as_wider_and_says_so(changes: dict[str, Any]) -> None:
    """The solver's own limit, too short for the question."""
    others = (grant(id="DEM-0008", masks={"valid_until": Mask.YEAR}),)
    one = examine(proposal(GRANT, *others, limit=Limit(steps=1), **changes))
    assert "not-proved" in {answers(one)["newly-allowed"], answers(one)["others-released-looser"]}
    assert one.change.is_wider
    said = [finding for finding in one.shown["findings"] if finding["answer"] == "not-proved"]
    assert "未能证明" in said[0]["answer_text"]["zh"]
    assert "not proved" in said[0]["answer_text"]["en"]


def test_a_model_that_the_real_engines_do_not_confirm_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder that forgets the consent guard finds requests that the exchange refuses."""
    monkeypatch.setattr("policies.analysis.sets.Encoded.prepare", forgetful)
    one = examined(fields=GRANT.fields | {"address"})
    assert answers(one)["newly-allowed"] == "not-proved"
    assert one.change.is_wider


def forgetful(self: Any, grants: Any) -> None:
    trees = {each.ref: cedar.parse(cedar.render(each))[0] for each in grants}
    self.encoder.prepare(trees.values())
    self._satisfied[""] = self.encoder.boolean(False)
    self._satisfied.update((ref, self.encoder.applies(tree)) for ref, tree in trees.items())


def test_engines_that_differ_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = PolicyImage.build((), REGISTRY, 0)
    monkeypatch.setattr("policies.reference.Judge.judge", lambda _self, asked: refusal.decide(asked))
    assert answers(examined(fields=GRANT.fields | {"address"}))["newly-allowed"] == "not-proved"


def test_a_policy_outside_the_profile_proves_nothing_and_is_wider() -> None:
    odd = Guard(
        "ODD@1", 'forbid (principal, action, resource) when { context.relation like "x*" };', "x", Text("x", "x")
    )
    one = examine(proposal(guards=(*GUARDS, odd), min_loa=3))
    assert set(answers(one).values()) == {"not-proved"}
    assert one.change.is_wider
    assert {each["answer"] for each in one.shown["invariants"]} == {"not-proved"}


def test_who_must_sign_by_class() -> None:
    assert signers(examined(min_loa=3)) == signers(examined(statute=Text("别", "other"))) == ONE
    assert signers(examined(fields=GRANT.fields | {"address"})) == TWO
    assert Role.PROVIDER_OFFICER in TWO


@pytest.mark.parametrize(
    "changes",
    [
        {"min_loa": 1},
        {"absent_allowed": True},
        {"basis_kind": BasisKind.STATUTORY, "legal_basis": "act-9"},
        {"id": "DEM-0099", "version": 1, "min_loa": 1},
    ],
)
def test_lower_assurance_or_consent_dropped_needs_the_data_protection_officer(changes: dict[str, Any]) -> None:
    """Under another name, too."""
    assert signers(examined(**changes)) == THREE


def test_a_right_does_not_grow_by_being_suspended_first() -> None:
    """A suspended version permits nothing, but it is what the new one replaces."""
    suspended = replace(proposal(min_loa=1), active=(), suspended=(GRANT,))
    assert signers(examine(suspended)) == THREE
    assert basis(suspended) != basis(replace(suspended, suspended=()))


@pytest.mark.parametrize("changes", [{"min_loa": 1}, {"absent_allowed": True}])
def test_what_another_grant_gives_is_no_measure_of_what_this_one_gives(changes: dict[str, Any]) -> None:
    """Somebody may have other fields at a lower level, or absent: these fields they may not."""
    other = grant(
        id="DEM-0098", version=1, fields=frozenset({"address"}), masks={}, predicates=frozenset(), min_loa=0,
        absent_allowed=True,
    )  # fmt: skip
    assert signers(examined(GRANT, other, **changes)) == THREE


def test_fields_that_another_service_item_releases_are_new_here() -> None:
    registry = with_sensitive_address()
    other = grant(
        id="DEM-0098", version=1, fields=frozenset({"address"}), masks={}, service_items=frozenset({"parking"})
    )
    one = examine(proposal(GRANT, other, registry=registry, fields=GRANT.fields | {"address"}))
    assert signers(one) == THREE


def with_sensitive_address() -> Registry:
    kind = REGISTRY.evidence_types["income-certificate"]
    fields = {**kind.fields, "address": replace(kind.fields["address"], sensitivity=3)}
    types = {**REGISTRY.evidence_types, "income-certificate": replace(kind, fields=fields)}
    return replace(REGISTRY, evidence_types=types)


def test_a_sensitive_field_needs_the_data_protection_officer() -> None:
    one = examine(proposal(registry=with_sensitive_address(), fields=GRANT.fields | {"address"}))
    assert (signers(one), one.sensitive[0].en) == (THREE, "adds a sensitive field (level 3): field address")


@pytest.mark.parametrize(
    ("what", "seats", "reasons"),
    [
        ({"fields": frozenset({"income"})}, TWO, []),
        ({"fields": frozenset({"address"})}, THREE, ["adds a sensitive field (level 3): field address"]),
        (
            {"fields": frozenset(), "predicates": frozenset({"exists"})},
            THREE,
            ["adds a question that is answered from a sensitive field (level 3): field address"],
        ),
        ({"fields": frozenset({"income"}), "min_loa": 0, "absent_allowed": True}, TWO, []),
    ],
)
def test_a_first_grant_adds_all_its_fields_and_drops_nothing(
    what: dict[str, Any], seats: tuple[Role, ...], reasons: list[str]
) -> None:
    registry = with_sensitive_address()
    kind = registry.evidence_types["income-certificate"]
    types = {**registry.evidence_types, "income-certificate": replace(kind, behind={"exists": frozenset({"address"})})}
    first = replace(proposal(masks={}, **what), active=(), registry=replace(registry, evidence_types=types))
    one = examine(first)
    assert (signers(one), [reason.en for reason in one.sensitive]) == (seats, reasons)


def test_every_difference_has_a_direction_and_both_languages() -> None:
    one = examined(
        min_loa=1, fields=GRANT.fields | {"address"}, masks={}, obligations=(), quota_per_day=None, absent_allowed=True
    )
    told = {said["member"] for said in one.shown["differences"]}
    assert told >= {"min_loa", "fields", "masks", "obligations", "quota_per_day", "absent_allowed"}
    for said in one.shown["differences"]:
        assert said["direction"] == Direction.WIDER
        assert said["text"]["zh"]
        assert said["text"]["en"]
    rows = {(row["name"], row["before"], row["after"]) for row in one.shown["matrix"]["rows"]}
    assert {("cert_no", "last4", "clear"), ("address", None, "clear")} <= rows
    assert one.shown["matrix"]["service_items"] == {"kept": ["scholarships"], "added": [], "removed": []}


@pytest.mark.parametrize(
    ("duty", "other", "kept"),
    [
        ("retain:P90D", "retain:P90D", True),
        ("retain:P90D", "retain:P2W", True),
        ("retain:P2W", "retain:P15D", False),
        ("retain:P1Y", "retain:P12M", True),
        ("retain:P1M", "retain:P30D", False),
        ("notify-citizen:P1D", "notify-citizen:PT24H", True),
        ("notify-citizen:PT59M", "notify-citizen:PT1H", False),
        ("notify-citizen:P1D", "retain:P1D", False),
        ("sing:P2D", "sing:P1D", False),
    ],
)
def test_a_duty_is_kept_by_the_same_within_a_shorter_time(duty: str, other: str, kept: bool) -> None:
    assert is_kept_by(Obligation.parse(duty), Obligation.parse(other)) is kept


# Standing invariants --------------------------------------------------------------------------------------------------


def proved(guards: tuple[Guard, ...] = GUARDS, *grants: Grant) -> dict[str, str]:
    grants = grants or (GRANT, grant(id="DEM-0008", absent_allowed=True, predicates=frozenset({"exists"})))
    region = Region.of(grants, (), REGISTRY)
    outcomes = prove(examiner(region, grants, guards, NOW, Limit()), grants)
    return {outcome.invariant.id: outcome.said.answer.value for outcome in outcomes}


def test_the_invariants_hold_under_the_guards() -> None:
    assert set(proved().values()) == {"proved-none"}
    assert len(proved()) >= 10


@pytest.mark.parametrize(
    ("without", "broken"),
    [
        ("GUARD-SUSPENDED@2", {"suspended-obtains-nothing"}),
        ("GUARD-LOCKED@1", {"suspended-obtains-nothing"}),
        ("GUARD-PRESENCE@1", {"absent-has-no-assurance"}),
        (
            "GUARD-CONSENT@1",
            {
                "consent-needs-an-artefact",
                "withdrawn-consent-ends-it",
                "consent-covers-every-field",
                "consent-in-its-time",
                "consent-for-this-purpose",
            },
        ),
    ],
)
def test_without_its_guard_an_invariant_is_broken_by_an_example_that_is_confirmed(
    without: str, broken: set[str]
) -> None:
    left = tuple(guard for guard in GUARDS if guard.ref != without)
    assert {name for name, answer in proved(left).items() if answer == "example"} == broken


def test_trap_5_without_the_guards_on_empty_lists_an_empty_request_would_pass() -> None:
    """``[…].containsAll([])`` is true; the solver knows it, too."""
    left = tuple(guard for guard in GUARDS if guard.code != "policy.nothing-asked")
    assert proved(left)["something-is-asked"] == "example"


def test_a_grant_can_break_an_invariant_that_no_guard_keeps() -> None:
    kind = replace(REGISTRY.evidence_types["income-certificate"], classification=3)
    registry = replace(REGISTRY, evidence_types={**REGISTRY.evidence_types, "income-certificate": kind})
    one = examine(proposal(registry=registry, min_loa=1))
    (said,) = [each for each in one.shown["invariants"] if each["answer"] == "example"]
    assert said["id"] == "classified-needs-assurance"
    assert "assurance level 1" in said["example"]["en"]


def test_an_invariant_that_the_exchange_itself_sees_otherwise_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "policies.analysis.invariants.condition", lambda _tree: Condition(lambda _facts: False, settled=False)
    )
    lax = Invariant("no-certificates", 'context.fields.contains("cert_no")', Text("x", "x"))
    region = Region.of((GRANT,), (), REGISTRY)
    (outcome,) = prove(examiner(region, (GRANT,), GUARDS, NOW, Limit()), (GRANT,), (lax,))
    assert (outcome.said.answer, outcome.said.why, outcome.holds) == ("not-proved", "not-confirmed", False)


# What an examination rests on -----------------------------------------------------------------------------------------


def test_the_basis_changes_with_the_hierarchy_and_the_grants_in_force_that_matter() -> None:
    seen = basis(proposal())
    assert basis(proposal(min_loa=3)) == seen
    assert basis(proposal(GRANT, grant(id="DEM-0009"))) != seen
    assert basis(proposal(grant(min_loa=1))) != seen
    moved = {**REGISTRY.organisations, "social-welfare": RegisteredOrganisation()}
    assert basis(proposal(registry=replace(REGISTRY, organisations=moved))) != seen


def test_the_basis_does_not_change_with_what_cannot_matter() -> None:
    seen = basis(proposal())
    assert basis(proposal(GRANT, grant(id="ELSEWHERE", consumer="housing"))) == seen
    systems = {**REGISTRY.systems, "another": RegisteredSystem("social-welfare", "active")}
    assert basis(proposal(registry=replace(REGISTRY, systems=systems))) == seen


def test_the_package_survives_its_store() -> None:
    package = ReviewPackage(examined(min_loa=1), "sha256:0")
    assert ReviewPackage.from_json(decode(encode(package.to_json()))) == package


# The encoding ---------------------------------------------------------------------------------------------------------


def encoded(*conditions: str) -> tuple[Encoder, list[Any]]:
    """A fresh encoder and the terms of policies with these conditions. Raises OutsideProfile."""
    policies = (
        f'@id("P{n}") permit (principal, action, resource) when {{ {one} }};' for n, one in enumerate(conditions)
    )
    encoder, trees = Encoder(Region.of((GRANT,), (), REGISTRY)), cedar.parse("\n".join(policies))
    encoder.prepare(trees)
    return encoder, [encoder.applies(tree) for tree in trees]


@pytest.mark.parametrize(
    "condition",
    [
        "context.loa",
        "context.nothing == 1",
        "context.loa == true",
        "context.consent == context.consent",
        "context has loa",
        "context has consent.purpose",
        '[1, "one"].contains(1)',
        "-context.loa < 1",
        'context.fields < ["name"]',
        "context.loa.contains(1)",
        "context.loa in resource",
        "resource in context.loa",
        'context.legalBasis like "a*"',
        "if context.present then true else false",
        "action == action",
    ],
)
def test_what_stands_outside_the_profile_is_not_encoded(condition: str) -> None:
    with pytest.raises(OutsideProfile):
        encoded(condition)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (
            "context.fields == context.predicates",
            "context.fields.containsAll(context.predicates) && context.predicates.containsAll(context.fields)",
        ),
        (
            'context.fields.containsAny(["full_name", "address"])',
            'context.fields.contains("full_name") || context.fields.contains("address")',
        ),
        ("context.loa != 2", "context.loa < 2 || context.loa > 2"),
    ],
)
def test_two_ways_of_saying_the_same_are_the_same_to_the_solver(one: str, same: str) -> None:
    encoder, (left, right) = encoded(one, same)
    for here, there in ((left, right), (right, left)):
        asked = Questioning(encoder)
        assert asked.find((here,)) is not None
        assert asked.find((here, encoder.neither(there))) is None
        assert asked.find((here,)) is not None  # what was wanted before is forgotten
