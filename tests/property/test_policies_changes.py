"""What the solver proves about a change is never contradicted by trying: thousands of random edits and requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest

from kernel.identifiers.masking import Mask, stronger
from policies.analysis.change import Proposal, examine
from policies.decision import Decision, Permit
from policies.grants.grant import Grant
from policies.grants.review import ChangeClass, Examination
from policies.grants.terms import Hours, InvalidGrant
from policies.index import PolicyImage
from policies.model import AccessRequest
from policies.obligations import is_kept_by
from tests.cases import seeds
from tests.property.policy_sets import (
    CASES,
    FIELDS,
    HOURS,
    ITEMS,
    NOW,
    ORGANISATIONS,
    PARTS,
    PREDICATES,
    REGISTRY,
    RELATIONS,
    REQUESTS_A_SET,
    TICK,
    TYPES,
    grant,
    near,
    some,
)

EDITS = -(-CASES // len(PARTS) // REQUESTS_A_SET)
"""Examined changes; what is said of each is tried on REQUESTS_A_SET requests near either version."""

Edit = Callable[[Random, Grant], Grant]
_EDITS: tuple[Edit, ...] = (
    lambda chance, one: replace(one, min_loa=chance.randint(0, 4)),
    lambda chance, one: replace(one, fields=one.fields | some(chance, FIELDS)),
    lambda chance, one: replace(one, fields=one.fields & some(chance, FIELDS, 3), masks={}),
    lambda chance, one: replace(one, predicates=some(chance, PREDICATES)),
    lambda chance, one: replace(one, relations=some(chance, RELATIONS, 1)),
    lambda chance, one: replace(one, service_items=some(chance, ITEMS, 1)),
    lambda chance, one: replace(one, valid_to=NOW + chance.choice((TICK * 3, TICK * 99_999_999))),
    lambda chance, one: replace(one, valid_from=NOW + chance.choice((-TICK, TICK))),
    lambda chance, one: replace(one, quota_per_day=chance.choice((None, 1, 2, 9))),
    lambda chance, one: replace(one, absent_allowed=not one.absent_allowed),
    lambda chance, one: replace(one, consumer=chance.choice(ORGANISATIONS)),
    lambda chance, one: replace(one, evidence_type=chance.choice(TYPES)),
    lambda chance, one: replace(one, masks={name: chance.choice(tuple(Mask)) for name in one.fields}),
    lambda chance, one: replace(one, obligations=grant(chance, "G-X").obligations),
    lambda chance, one: replace(one, hours=chance.choice((None, *HOURS, Hours(18, 24)))),
    lambda chance, one: replace(one, mandate_required=not one.mandate_required),
    lambda chance, one: replace(one, own_division_only=not one.own_division_only),
    lambda chance, one: replace(one, delivery_modes=grant(chance, "G-X").delivery_modes),
    lambda chance, one: one,
)


def edits(count: int, start: int) -> Iterator[tuple[Random, tuple[Grant, ...], Grant]]:
    """A set of grants, and another version of its first, not too far from it."""
    for seed in seeds(count, start):
        chance = Random(seed)
        active = tuple(grant(chance, f"G-{number}") for number in range(chance.randint(1, 3)))
        after = active[0]
        for _ in range(chance.randint(1, 2)):
            try:
                after = chance.choice(_EDITS)(chance, after)
            except InvalidGrant:
                continue
        yield chance, active, replace(after, version=active[0].version + 1)


@pytest.mark.parametrize("part", PARTS)
def test_no_answer_is_contradicted_and_every_example_is_confirmed(
    part: int, record_property: Callable[[str, object], None]
) -> None:
    """``examine`` confirms an example by both engines, so that here only "nobody" and the class are left to try."""
    counted: Counter[str] = Counter()
    for chance, active, after in edits(EDITS, 7_000_000 + part * 100_000):
        one = examine(Proposal(grant=after, active=active, registry=REGISTRY, at=NOW - TICK))
        counted.update(answers(one).values())
        counted[one.change.value] += 1
        counted["cases"] += contradict(chance, active, after, one)
    record_property("cases", counted["cases"])
    assert counted["cases"] >= 0.8 * CASES // len(PARTS)
    assert counted["not-proved"] == 0
    assert min(counted["proved-none"], counted["example"]) > EDITS
    assert min(counted[change.value] for change in ChangeClass) >= EDITS // 20, counted


def answers(one: Examination) -> dict[str, str]:
    return {finding["question"]: finding["answer"] for finding in one.shown["findings"]}


def contradict(chance: Random, active: tuple[Grant, ...], after: Grant, one: Examination) -> int:
    """Whatever was proved of all requests holds of these; how many they were."""
    said = {question for question, answer in answers(one).items() if answer == "proved-none"}
    old = PolicyImage.build(active[:1], REGISTRY, 0)
    new = PolicyImage.build((after,), REGISTRY, 0)
    before = PolicyImage.build(active, REGISTRY, 0, after=old)
    then = PolicyImage.build((after, *active[1:]), REGISTRY, 0, after=new)
    tried = 0
    for request in fresh(chance, active[0], after):
        was, is_ = old.decide(request), new.decide(request)
        found = observed(was, is_)
        if active[1:] and looser(before.decide(request), then.decide(request)):
            found |= {"others-released-looser"}
        assert not found & said, (found & said, request, active, after)
        assert not found or one.change is not ChangeClass.EQUIVALENT, (found, request, active, after)
        assert one.change.is_wider or not found & {"newly-allowed", "released-looser"}, (found, request, active, after)
        tried += 1
    return tried


def observed(was: Decision, is_: Decision) -> set[str]:
    """Which questions this request answers with yes."""
    if isinstance(was, Permit) != isinstance(is_, Permit):
        return {"newly-allowed" if isinstance(is_, Permit) else "no-longer-allowed"}
    yes = {"released-looser"} if looser(was, is_) else set()
    return yes | ({"released-stricter"} if looser(is_, was) else set())


def looser(was: Decision, is_: Decision) -> bool:
    """Both permit, and the second carries less."""
    if not (isinstance(was, Permit) and isinstance(is_, Permit)):
        return False
    if any(stronger(is_.release[name], mask) is not is_.release[name] for name, mask in was.release.items()):
        return True
    if any(not any(is_kept_by(duty, other) for other in is_.obligations) for duty in was.obligations):
        return True
    least = min((quota.per_day for quota in is_.quotas), default=None)
    return any(least is None or least > quota.per_day for quota in was.quotas)


def fresh(chance: Random, before: Grant, after: Grant) -> Iterator[AccessRequest]:
    """Requests from now on, of the declared types."""
    for request in (near(chance, (before, after)) for _ in range(REQUESTS_A_SET)):
        if request.now.tzinfo is not None and request.now >= NOW:
            yield request
