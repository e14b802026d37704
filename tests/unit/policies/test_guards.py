"""Sealed people and minors: above every grant, in both engines, in the log of decisions and in what is proved."""

from __future__ import annotations

import pytest

from policies import recorded
from policies.analysis.change import Proposal, examine
from policies.grants.review import Answer
from policies.guards import WARDS
from policies.model import BasisKind
from tests.unit.policies.world import NOW, REGISTRY, clause_ids, grant, permitted, refused, request

OPEN = grant(
    legal_basis="act-9",
    basis_kind=BasisKind.STATUTORY,
    relations=frozenset({"self", "employee", *WARDS}),
    absent_allowed=True,
    min_loa=0,
    quota_per_day=None,
)


def plain(**changes: object) -> object:
    return request(**({"legal_basis": "act-9", "consent": None} | changes))


@pytest.mark.parametrize("relation", ["self", "employee", *WARDS])
def test_nothing_leaves_about_a_sealed_person_whoever_asks(relation: str) -> None:
    assert permitted(plain(relation=relation), OPEN)
    refusal = refused(plain(relation=relation, sealed=True), OPEN)
    assert (refusal.code, clause_ids(refusal)) == ("policy.subject-sealed", ["GUARD-SEALED@1"])


def test_a_minor_is_asked_about_by_a_guardian_only() -> None:
    for ward in WARDS:
        assert permitted(plain(relation=ward, minor=True), OPEN)
        assert permitted(plain(relation=ward, minor=True, present=False, loa=0), OPEN)
    for other in ("self", "employee"):
        refusal = refused(plain(relation=other, minor=True), OPEN)
        assert clause_ids(refusal) == ["GUARD-MINOR@1"]
        assert "14" in refusal.clauses[0].text.zh
    unnamed = refused(plain(relation="child", minor=True), grant(legal_basis="act-9", basis_kind=BasisKind.STATUTORY))
    assert unnamed.code == "policy.relation-not-granted"


def test_no_grant_is_found_to_let_either_through() -> None:
    one = examine(Proposal(grant=OPEN, active=(), registry=REGISTRY, at=NOW))
    proved = {each["id"]: each["answer"] for each in one.shown["invariants"]}
    for name in ("sealed-means-nothing-leaves", "minors-through-their-guardians"):
        assert proved[name] == Answer.NOBODY.value


def test_what_was_logged_before_there_were_either_reads_as_without_them() -> None:
    logged = recorded.asked(plain()).replace('"sealed":false,"minor":false,', "")
    assert "minor" not in logged
    assert recorded.Asked(logged).at(NOW, None, None) == plain()
    again = recorded.Asked(recorded.asked(plain(sealed=True, minor=True))).at(NOW, None, None)
    assert (again.sealed, again.minor) == (True, True)
