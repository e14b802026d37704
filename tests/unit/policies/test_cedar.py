"""The law-book: what is generated from a grant parses, validates, and cannot drift from the grant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cedarpy import PolicySet, Schema, pst
from hypothesis import given
from hypothesis import strategies as st

from kernel.text import Text
from policies import cedar, guards, index, schema
from policies.expressions import OutsideProfile
from policies.guards import GUARDS
from policies.hierarchy import Hierarchy, InvalidRegistry
from policies.registry import RegisteredOrganisation
from tests.unit.policies.world import GRANT, REGISTRY, grant


def test_the_text_of_a_grant_reads_as_its_row() -> None:
    text = cedar.render(GRANT)
    for line in (
        '@id("DEM-0007@3")',
        '@class("grant")',
        '@fields("cert_no,full_name,income_band,valid_until")',
        '@mask("cert_no=last4")',
        '@obligation("notify-citizen:P1D;retain:P90D")',
        '@legal_en("Scholarship Rules s.4(2)")',
        'principal in Tongban::Organisation::"social-welfare"',
        'action in [Tongban::Action::"obtain"]',
        'resource in Tongban::EvidenceType::"income-certificate"',
        'context.purpose in [Tongban::ServiceItem::"scholarships"]',
        'context.now < datetime("2032-01-01T00:00:00.000Z")',
        "context.quotaUsedToday < 500",
    ):
        assert line in text


def test_guards_and_grants_are_valid_by_the_schema() -> None:
    cedar.validate(guards.text() + cedar.render(GRANT))
    cedar.check(GRANT, cedar.render(GRANT))
    assert len({guard.ref for guard in GUARDS}) == len(GUARDS)


def test_the_typed_tree_survives_the_round_trip_through_the_engine() -> None:
    tree = PolicySet.from_str(guards.text() + cedar.render(GRANT)).to_pst()
    assert PolicySet.from_pst(tree).to_pst() == tree


def test_the_schema_is_one_that_the_engine_reads() -> None:
    assert Schema.from_str(schema.text())
    assert "consent?: Consent" in schema.text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('@fields("cert_no,full_name,income_band,valid_until")', '@fields("cert_no")'),
        ('["cert_no", "full_name",', '["address", "cert_no", "full_name",'),
        ('@mask("cert_no=last4")', '@mask("")'),
        ('@id("DEM-0007@3")', '@id("DEM-0007@4")'),
        ("context.loa >= 2", "context.loa >= 1"),
        ("context.loa >= 2 &&", ""),
        ("permit (", "forbid ("),
        ("when {", "when { true } when {"),
        ("context.loa >= 2", "context.load >= 2"),
        ("context.predicates.isEmpty()", "true"),
        ('@class("grant")', '@class("grant") @more("x")'),
        ("};", '}; @id("y") permit (principal, action, resource);'),
        ("};", "}"),
    ],
)
def test_a_text_that_is_not_exactly_that_of_the_grant_is_refused(old: str, new: str) -> None:
    text = cedar.render(GRANT)
    assert old in text
    with pytest.raises(cedar.InvalidPolicy):
        cedar.check(GRANT, text.replace(old, new, 1))


def test_a_text_that_breaks_the_schema_is_refused_even_where_it_is_that_of_the_grant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = Schema.from_str(schema.text().replace("quotaUsedToday: Long", "quotaUsedToday: String"))
    monkeypatch.setattr(schema, "handle", lambda: other)
    with pytest.raises(cedar.InvalidPolicy, match="Long"):
        cedar.check(GRANT, cedar.render(GRANT))


def test_the_literal_is_read_from_the_tree_and_must_be_there_once() -> None:
    (tree,) = cedar.parse(cedar.render(GRANT))
    assert cedar.literal(tree, "fields") == GRANT.fields
    assert cedar.literal(tree, "predicates") == frozenset()
    with pytest.raises(cedar.InvalidPolicy):
        cedar.literal(replace(tree, clauses=()), "fields")
    with pytest.raises(cedar.InvalidPolicy):
        cedar.literal(replace(tree, clauses=(*tree.clauses, *tree.clauses)), "fields")
    with pytest.raises(cedar.InvalidPolicy):
        cedar.literal(replace(tree, clauses=(pst.Unless(pst.BoolLit(True)),)), "predicates")


@pytest.mark.parametrize(
    "text",
    [
        "this is no policy",
        "permit (principal, action, resource);",
        '@id("x") permit (principal == ?principal, action, resource);',
        '@id("") permit (principal, action, resource);',
    ],
)
def test_a_text_without_an_id_or_with_open_slots_is_no_policy_of_ours(text: str) -> None:
    with pytest.raises(cedar.InvalidPolicy):
        cedar.parse(text)


def test_policies_keep_their_order_beyond_ten() -> None:
    text = "".join(f'@id("p{number}") permit (principal, action, resource);' for number in range(23))
    assert [tree.annotations["id"] for tree in cedar.parse(text)] == [f"p{number}" for number in range(23)]


@given(st.text())
def test_any_string_survives_as_a_cedar_literal(value: str) -> None:
    if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        return
    (tree,) = cedar.parse(f'@id("x") @note({cedar.quote(value)}) permit (principal, action, resource);')
    assert tree.annotations["note"] == value


def test_a_statute_cannot_break_out_of_its_annotation() -> None:
    sly = grant(statute=Text('法") permit (principal, action, resource); @x("', 'law\\") // '))
    cedar.check(sly, cedar.render(sly))


@pytest.mark.parametrize("year", [1, 1969, 2031, 9999])
def test_times_are_written_in_utc_with_milliseconds(year: int) -> None:
    moment = datetime(year, 2, 3, 4, 5, 6, 789_999, tzinfo=UTC)
    assert cedar.literal_time(moment) == f"{year:04}-02-03T04:05:06.789Z"


def test_a_grant_whose_conditions_do_not_match_its_clauses_is_not_enforced(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cedar.clauses(GRANT)
    enforced = index.enforce(GRANT)
    assert len(enforced.policy.settled) + len(enforced.policy.open) == len(whole)
    joined = cedar.Clause("policy.expired", f"{whole[0].expression} && {whole[1].expression}")
    monkeypatch.setattr(cedar, "clauses", lambda _grant: (joined, *whole[2:]))
    with pytest.raises(OutsideProfile):
        index.enforce(GRANT)


def test_a_registry_with_an_unknown_or_circular_parent_is_refused() -> None:
    organisations = dict(REGISTRY.organisations)
    for parents in ({"x": "nobody"}, {"x": "x"}, {"x": "y", "y": "x"}):
        broken = {name: RegisteredOrganisation(frozenset({parent})) for name, parent in parents.items()}
        with pytest.raises(InvalidRegistry):
            Hierarchy.of(replace(REGISTRY, organisations={**organisations, **broken}))
