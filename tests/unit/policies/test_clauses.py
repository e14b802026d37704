"""Every condition of every grant has a sentence of its own, under the name that a refusal gives it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from policies import cedar
from policies.clauses import demands
from policies.decision import Deny
from policies.grants.grant import Grant
from policies.grants.sentence import as_code
from policies.grants.terms import BasisKind, EmergencyUse
from policies.index import PolicyImage
from tests.property.policy_sets import REGISTRY, fitting, grant

SEEDS = range(300)


def grants() -> list[Grant]:
    made = [grant(Random(seed), f"G-{seed}") for seed in SEEDS]
    templates = (one for one in made if one.basis_kind is BasisKind.STATUTORY)
    return [*made, *(replace(one, emergency=EmergencyUse(60)) for one in templates)]


def test_each_condition_is_told_once_and_in_the_order_of_the_policy() -> None:
    for one in grants():
        told = demands(one, as_code)
        assert [each.id for each in told] == [f"{one.ref}#c{number}" for number in range(len(cedar.clauses(one)))]
        for language in ("zh", "en"):
            assert len({each.text.in_(language) for each in told}) == len(told)


def test_what_a_refusal_names_is_a_condition_that_is_told() -> None:
    named = 0
    for one in grants():
        chance = Random(one.id)
        image = PolicyImage.build([one], REGISTRY, 1)
        request = replace(fitting(chance, one), relation=chance.choice(("self", "cousin")), legal_basis="act-1")
        decision = image.decide(request)
        if isinstance(decision, Deny) and decision.grants:
            ids = {each.id for each in demands(one, as_code)}
            failed = [clause.id for clause in decision.clauses if clause.id.startswith(one.ref)]
            assert ids.issuperset(failed)
            named += len(failed)
    assert named > 100
