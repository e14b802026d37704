"""The compiled clerk and the reference judge agree, on every generated request of every generated set (ADR 0008)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from policies.decision import Deny, Permit
from policies.reference import Judge
from policies.refusals import REFUSALS
from tests.property.policy_sets import CASES, EXTRA_GUARDS, PARTS, Decided, World, worlds
from tests.unit.policies.world import agree

Record = Callable[[str, object], None]


@pytest.mark.parametrize("part", PARTS)
def test_compiled_decisions_are_those_of_cedar(part: int, record_property: Record) -> None:
    """Permits equal to the last mask, refusals by the same guards; the whole set here, the index there."""
    outcomes: Counter[str] = Counter()
    for world in worlds(CASES // len(PARTS), start=part * 100_000):
        outcomes += compared(world, whole=True)
    total = sum(outcomes.values())
    record_property("cases", total)
    assert total >= CASES // len(PARTS)
    # Generated requests that were all refused, or all permitted, would prove nothing.
    assert 0.15 < outcomes["permit"] / total < 0.6, outcomes
    assert not outcomes.keys() - {"permit", *REFUSALS}
    assert len(outcomes) >= 20, outcomes


def compared(world: World, *, whole: bool) -> Counter[str]:
    image = world.image()
    judge = Judge(image, sliced=not whole)
    outcomes: Counter[str] = Counter()
    for request in world.requests:
        decision, reference = image.decide(request), judge.judge(request)
        assert agree(decision, reference), (world.seed, request, decision, reference)
        outcomes[decision.code if isinstance(decision, Deny) else "permit"] += 1
    return outcomes


def test_the_judge_over_a_slice_is_the_judge_over_the_whole_set(record_property: Record) -> None:
    total = sum(compared(world, whole=False).total() for world in worlds(CASES // 10, start=500_000))
    record_property("cases", total)


def test_they_agree_on_free_guards_too(record_property: Record) -> None:
    total = 0
    for world in worlds(CASES // 10, start=600_000):
        image = world.image(guards=EXTRA_GUARDS)
        judge = Judge(image, sliced=False)
        for request in world.requests:
            decision, reference = image.decide(request), judge.judge(request)
            assert isinstance(decision, Permit) == isinstance(reference, Permit), (world.seed, request)
            assert isinstance(decision, Permit) or determining(decision) == determining(reference), request
            total += 1
    record_property("cases", total)


def determining(refusal: Permit | Deny) -> set[str]:
    assert isinstance(refusal, Deny)
    return {clause.id for clause in refusal.clauses if clause.id.startswith("EXTRA")}


def test_the_same_request_is_decided_the_same_way_twice_and_by_an_equal_image(record_property: Record) -> None:
    total = 0
    for case in map(Decided.of, worlds(CASES // 20, start=700_000)):
        again = case.world.image()
        assert all(case.image.decide(each) == said == again.decide(each) for each, said in case.decisions)
        total += len(case.decisions)
    record_property("cases", total)


def test_nothing_that_was_decided_before_changes_a_decision(record_property: Record) -> None:
    """What an asking settles is kept by its first request: the others are decided as if they had come first."""
    total = 0
    for case in map(Decided.of, worlds(CASES // 4, start=800_000)):
        for request, said in case.decisions:
            assert case.world.image(after=case.image).decide(request) == said, (case.world.seed, request)
        total += len(case.decisions)
    record_property("cases", total)


def test_an_image_that_can_keep_little_decides_the_same(
    monkeypatch: pytest.MonkeyPatch, record_property: Record
) -> None:
    total = 0
    for world in worlds(CASES // 100, start=810_000):
        kept = Decided.of(world).decisions
        with monkeypatch.context() as patched:
            patched.setattr("policies.index.MOST_SETTLED", 1)
            image = world.image()
            assert tuple((request, image.decide(request)) for request in world.requests) == kept
            assert len(image._settled) <= 1
        total += len(kept)
    record_property("cases", total)
