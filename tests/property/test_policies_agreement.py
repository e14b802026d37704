"""The compiled clerk and the reference judge agree, on every generated request of every generated set (ADR 0008)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from policies.decision import Deny, Permit
from policies.model import AccessRequest
from policies.reference import Judge
from policies.refusals import REFUSALS
from tests.property.policy_sets import CASES, EXTRA_GUARDS, World, worlds
from tests.unit.policies.world import agree


def test_compiled_decisions_are_those_of_cedar(record_property: Callable[[str, object], None]) -> None:
    """Permits equal to the last mask, refusals by the same guards; the whole set here, the index there."""
    outcomes: Counter[str] = Counter()
    for world in worlds():
        outcomes += compared(world, whole=True)
    total = sum(outcomes.values())
    record_property("cases", total)
    assert total >= CASES
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


def test_the_judge_over_a_slice_is_the_judge_over_the_whole_set() -> None:
    for world in worlds(CASES // 10, start=500_000):
        compared(world, whole=False)


def test_they_agree_on_free_guards_too() -> None:
    for world in worlds(CASES // 10, start=600_000):
        image = world.image(guards=EXTRA_GUARDS)
        judge = Judge(image, sliced=False)
        for request in world.requests:
            decision, reference = image.decide(request), judge.judge(request)
            assert isinstance(decision, Permit) == isinstance(reference, Permit), (world.seed, request)
            assert isinstance(decision, Permit) or determining(decision) == determining(reference), request


def determining(refusal: Permit | Deny) -> set[str]:
    assert isinstance(refusal, Deny)
    return {clause.id for clause in refusal.clauses if clause.id.startswith("EXTRA")}


def test_the_same_request_is_decided_the_same_way_twice_and_by_an_equal_image() -> None:
    for world in worlds(CASES // 20, start=700_000):
        image, again = world.image(), world.image()
        decided: list[tuple[AccessRequest, Permit | Deny]] = [(each, image.decide(each)) for each in world.requests]
        assert all(image.decide(each) == decision == again.decide(each) for each, decision in decided)
