"""Hours of a day and a mandate as conditions: row, text, both engines, words and the class of a change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cedarpy import pst
from hypothesis import given
from hypothesis import strategies as st

from kernel.canonical import decode, encode
from kernel.database.instants import micros
from policies import cedar, recorded, schema
from policies.analysis.change import Proposal, examine
from policies.delivery import Delivery
from policies.grants.differences import Direction, differences
from policies.grants.document import digest, grant_from_json, grant_to_json
from policies.grants.grant import Grant
from policies.grants.review import Answer
from policies.grants.sentence import as_code, sentence
from policies.grants.terms import Hours, InvalidGrant, Obligation
from policies.hierarchy import Hierarchy
from policies.model import BasisKind
from tests.unit.policies.world import GRANT, NOW, REGISTRY, decide, grant, image, permitted, refused, request

OFFICE = Hours(8, 18)
TICK = timedelta(milliseconds=1)
BOTH, LATER = frozenset({Delivery.DIRECT, Delivery.PREVIEW}), frozenset({Delivery.ASYNCHRONOUS})
MARK = Obligation("watermark")
PLAIN = grant(legal_basis="act-9", basis_kind=BasisKind.STATUTORY)
"""A grant without a consent, whose times would stand in the way."""

hours = st.none() | st.integers(0, 23).flatmap(
    lambda start: st.builds(Hours, st.just(start), st.integers(start + 1, 24))
)
modes = st.none() | st.frozensets(st.sampled_from(Delivery), min_size=1)
rows = st.builds(
    lambda stretch, mandate, own, ways: grant(
        hours=stretch, mandate_required=mandate, own_division_only=own, delivery_modes=ways
    ),
    hours,
    st.booleans(),
    st.booleans(),
    modes,
)


def at(hour: int, minute: int = 0) -> datetime:
    """A time of 15 June 2031 in China, in UTC."""
    return datetime(2031, 6, 14, 16, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)


def plain(**changes: Any) -> Any:
    return request(**({"legal_basis": "act-9", "consent": None} | changes))


def read_back(tree: pst.Template) -> dict[str, Any]:
    """The later members as the typed tree of a policy says them."""
    (when,) = (clause for clause in tree.clauses if isinstance(clause, pst.When))
    parts = cedar.conjuncts(when.expr)
    hour, mandated = (pst.GetAttr(pst.Var("context"), name) for name in ("hour", "mandated"))
    ends = {
        part.op: part.right.value
        for part in parts
        if isinstance(part, pst.BinaryOp) and part.left == hour and isinstance(part.right, pst.LongLit)
    }
    stretch = Hours(ends["greater_eq"], ends["less"]) if ends else None
    own, delivery = (pst.GetAttr(pst.Var("context"), name) for name in ("ownDivision", "delivery"))
    ways = [
        frozenset(Delivery(one.value) for one in part.left.elements)
        for part in parts
        if isinstance(part, pst.BinaryOp) and part.op == "contains" and part.right == delivery
    ]
    return {
        "hours": stretch,
        "mandate_required": mandated in parts,
        "own_division_only": own in parts,
        "delivery_modes": ways[0] if ways else None,
    }


@given(rows)
def test_row_text_and_tree_say_the_same(row: Grant) -> None:
    tree = cedar.check(row, cedar.render(row))
    assert grant(**read_back(tree)) == row


@given(rows)
def test_row_and_document_say_the_same(row: Grant) -> None:
    assert grant_from_json(decode(encode(grant_to_json(row)))) == row


def test_a_grant_without_them_has_the_digest_it_always_had() -> None:
    assert digest(GRANT) == "sha256:211eb52a41f3f46363d9155e7e9023a8e03827a4ca1cfc20b1f2292f82051cd7"
    assert not grant_to_json(GRANT).keys() & {"hours", "mandate_required", "own_division_only", "delivery_modes"}
    assert "context.hour" not in cedar.render(GRANT)
    assert "mandated" not in cedar.render(GRANT)


def test_what_is_signed_holds_the_attributes_that_are_read() -> None:
    whole, old = schema.text(), schema.text(schema.ADDED)
    assert "hour: Long" in whole
    assert "mandated: Bool" in whole
    assert "hour" not in old
    assert "mandated" not in old
    later = (
        grant(hours=OFFICE),
        grant(mandate_required=True),
        grant(own_division_only=True),
        grant(delivery_modes=BOTH),
    )
    assert len({digest(each) for each in (GRANT, *later)}) == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": Hours(-1, 5)},
        {"hours": Hours(8, 8)},
        {"hours": Hours(18, 8)},
        {"hours": Hours(0, 25)},
        {"hours": Hours(24, 25)},
        {"hours": Hours(False, 5)},
        {"hours": Hours(8.0, 18)},
        {"hours": (8, 18)},
        {"mandate_required": 1},
        {"mandate_required": None},
        {"own_division_only": 1},
        {"delivery_modes": frozenset()},
        {"delivery_modes": frozenset({"direct"})},
        {"delivery_modes": [Delivery.DIRECT]},
    ],
)
def test_hours_of_no_day_and_no_yes_or_no_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidGrant):
        grant(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": 8},
        {"hours": [8, 18]},
        {"hours": {"from": 8}},
        {"hours": {"from": 8, "to": 18, "on": "Monday"}},
        {"hours": {"from": "8", "to": 18}},
        {"hours": {"from": 18, "to": 8}},
        {"mandate_required": "yes"},
        {"own_division_only": "yes"},
        {"delivery_modes": []},
        {"delivery_modes": "direct"},
        {"delivery_modes": ["direct", "direct"]},
        {"delivery_modes": ["by post"]},
    ],
)
def test_a_document_with_a_wrong_condition_is_refused_in_words(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidGrant):
        grant_from_json({**grant_to_json(GRANT), **changes})


def test_hours_begin_with_their_first_instant_and_end_before_their_last() -> None:
    office = replace(PLAIN, hours=OFFICE)
    assert permitted(plain(now=at(8)), office)
    assert permitted(plain(now=at(18) - TICK), office)
    for outside in (at(8) - TICK, at(18), at(0), at(23, 59)):
        refusal = refused(plain(now=outside), office)
        assert refusal.code == "policy.outside-hours"
        assert "8 时至 18 时" in refusal.clauses[0].text.zh
        assert "08:00 to 18:00" in refusal.clauses[0].text.en


@given(hours, st.integers(0, 200 * 24 * 60).map(lambda minutes: at(0) + timedelta(minutes=minutes)))
def test_both_engines_count_hours_as_a_clock_in_china_shows_them(stretch: Hours | None, moment: datetime) -> None:
    """``decide`` asks both."""
    shown = (moment + timedelta(hours=8)).hour
    decision = decide(plain(now=moment), replace(PLAIN, hours=stretch))
    wanted = stretch is None or stretch.start <= shown < stretch.end
    assert (getattr(decision, "code", None) is None) == wanted


def test_a_mandate_is_needed_where_the_grant_says_so() -> None:
    bound = replace(PLAIN, mandate_required=True)
    assert permitted(plain(mandated=True), bound)
    assert permitted(plain(mandated=False), PLAIN)
    refusal = refused(plain(), bound)
    assert (refusal.code, [clause.id for clause in refusal.clauses]) == ("policy.mandate-missing", ["DEM-0007@3#c7"])
    assert "DEM-0007@3" in refusal.clauses[0].text.zh
    assert refused(plain(mandated=1), bound).code == "policy.engine-error"


def test_a_record_of_another_division_and_another_way_of_delivery_are_refused() -> None:
    bound = replace(PLAIN, own_division_only=True, delivery_modes=BOTH)
    assert permitted(plain(own_division=True, delivery=Delivery.PREVIEW), bound)
    assert refused(plain(), bound).code == "policy.division-not-own"
    refusal = refused(plain(own_division=True, delivery=Delivery.ASYNCHRONOUS), bound)
    assert refusal.code == "policy.delivery-not-granted"
    assert "异步提供" in refusal.clauses[0].text.zh
    said = sentence(bound)
    assert "；限本行政区划内的记录；限直接提供、本人预览后提供；自" in said.zh
    assert "records of the consumer's own division" in said.en


def test_the_sentence_says_them() -> None:
    said = sentence(grant(hours=OFFICE, mandate_required=True))
    assert "；须持包括该事项的有效委托；每日不超过 500 次；限北京时间每日 8 时至 18 时；自" in said.zh
    assert "only by a mandate in force that covers the service item; at most 500 times a day; from 08:00" in said.en


@pytest.mark.parametrize(
    ("old", "new", "direction", "change"),
    [
        ({}, {"hours": OFFICE}, Direction.NARROWER, "tightening"),
        ({"hours": OFFICE}, {}, Direction.WIDER, "widening"),
        ({"hours": OFFICE}, {"hours": Hours(9, 17)}, Direction.NARROWER, "tightening"),
        ({"hours": OFFICE}, {"hours": Hours(8, 19)}, Direction.WIDER, "widening"),
        ({"hours": OFFICE}, {"hours": Hours(9, 19)}, Direction.BOTH, "incomparable"),
        ({}, {"hours": Hours(0, 24)}, Direction.NEITHER, "equivalent"),
        ({}, {"mandate_required": True}, Direction.NARROWER, "tightening"),
        ({"mandate_required": True}, {}, Direction.WIDER, "widening"),
        ({}, {"own_division_only": True}, Direction.NARROWER, "tightening"),
        ({"own_division_only": True}, {}, Direction.WIDER, "widening"),
        ({}, {"delivery_modes": BOTH}, Direction.NARROWER, "tightening"),
        ({"delivery_modes": BOTH}, {}, Direction.WIDER, "widening"),
        ({"delivery_modes": BOTH}, {"delivery_modes": LATER}, Direction.BOTH, "incomparable"),
        ({}, {"delivery_modes": frozenset(Delivery)}, Direction.WIDER, "widening"),
        ({}, {"delivery_modes": frozenset({Delivery.BULK})}, Direction.BOTH, "incomparable"),
        ({}, {"obligations": (*GRANT.obligations, MARK)}, Direction.NARROWER, "tightening"),
        ({"obligations": (*GRANT.obligations, MARK)}, {}, Direction.WIDER, "widening"),
    ],
)
def test_a_condition_more_is_narrower_and_one_less_is_wider(
    old: dict[str, Any], new: dict[str, Any], direction: Direction, change: str
) -> None:
    before, after = replace(PLAIN, **old), replace(PLAIN, version=4, **new)
    (found,) = differences(before, after, Hierarchy.of(REGISTRY).above, as_code)
    assert (found.direction, bool(found.text.zh and found.text.en)) == (direction, True)
    one = examine(Proposal(grant=after, active=(before,), registry=REGISTRY, at=NOW))
    assert one.change.value == change
    assert Answer.NOT_PROVED.value not in {finding["answer"] for finding in one.shown["findings"]}


def test_an_example_of_hours_lies_within_them() -> None:
    """The solver's hour is that of its time, or the engines would not confirm it."""
    late = replace(PLAIN, version=4, hours=Hours(18, 19))
    one = examine(Proposal(grant=late, active=(replace(PLAIN, hours=OFFICE),), registry=REGISTRY, at=NOW))
    newly = next(finding for finding in one.shown["findings"] if finding["question"] == "newly-allowed")
    assert datetime.fromisoformat(newly["request"]["now"]).astimezone(UTC).hour == 10


def test_a_logged_decision_of_another_hour_is_made_anew() -> None:
    policies = image(replace(PLAIN, hours=OFFICE))
    retrial, text = recorded.Retrial(policies), recorded.asked(plain())
    said = [retrial.verdict(text, micros(moment), None, None) for moment in (at(8), at(18), at(8) - TICK, at(17))]
    assert ['"permit":true' in each for each in said] == [True, False, False, True]


def test_what_was_logged_before_there_were_mandates_reads_as_without_one() -> None:
    logged = recorded.asked(plain()).replace('"mandated":false,', "")
    assert "mandated" not in logged
    assert recorded.Asked(logged).at(NOW, None, None) == plain()
    assert recorded.Asked(recorded.asked(plain(mandated=True))).at(NOW, None, None).mandated
