"""Laws of emergency access: nothing leaves outside a template that is open, nor past a guard, whatever else holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from random import Random

from policies import both_engines
from policies.decision import Permit
from policies.grants.grant import Grant
from policies.grants.terms import BasisKind, EmergencyUse
from policies.guards import GUARDS
from policies.index import PolicyImage
from policies.model import AccessRequest, Action, Opening
from policies.reference import Judge
from tests.cases import SOAK, seeds
from tests.property.policy_sets import BASES, CASES, EXTRA_GUARDS, REGISTRY, TICK, grant, near

SETS = max(1, CASES // 2_500) if SOAK else 40
"""Sets of grants in which the cases lie: to compile a set costs as much as to decide by it many times."""

_STATUTORY = next(code for code, kind in BASES.items() if kind is BasisKind.STATUTORY)


Record = Callable[[str, object], None]
Case = tuple[PolicyImage, Mapping[str, Grant], AccessRequest]


def cases(seed: int) -> Iterable[Case]:
    """CASES of them. In the short form every law looks at the same ones; in the long form at its own."""
    return _made(seed) if SOAK else _made_once()


@cache
def _made_once() -> tuple[Case, ...]:
    return tuple(_made(0))


def _made(start: int) -> Iterator[Case]:
    """Requests that name openings, most of them nearly right, over sets of templates and ordinary grants.

    Every other set stands under one more guard.
    """
    for seed in seeds(SETS, start):
        chance = Random(seed)
        grants = tuple(_maybe_template(chance, grant(chance, f"G-{number}")) for number in range(4))
        more = (chance.choice(EXTRA_GUARDS),) if seed % 2 else ()
        image, named = PolicyImage.build(grants, REGISTRY, seed, (*GUARDS, *more)), {one.ref: one for one in grants}
        for _ in range(CASES // SETS):
            aim = chance.choice(grants)
            yield image, named, _naming(chance, near(chance, (aim,)), aim, grants)


def _maybe_template(chance: Random, one: Grant) -> Grant:
    if chance.random() < 0.25:
        return one
    use = EmergencyUse(chance.randint(1, 240))
    return replace(one, legal_basis=_STATUTORY, basis_kind=BasisKind.STATUTORY, emergency=use)


def _naming(chance: Random, request: AccessRequest, aim: Grant, grants: tuple[Grant, ...]) -> AccessRequest:
    now, named = request.now, aim if chance.random() < 0.9 else chance.choice(grants)
    if now.tzinfo is None:
        return request
    opened = now - chance.choice((timedelta(), timedelta(), timedelta(hours=1), timedelta(hours=5), -TICK))
    ends = opened + chance.choice((timedelta(hours=4), timedelta(hours=1), TICK))
    opening = Opening(id="em_1", template=named.ref, opened=opened, ends=ends)
    action = Action.OBTAIN_EMERGENCY if chance.random() < 0.95 else request.action
    return replace(request, action=action, emergency=None if chance.random() < 0.05 else opening)


def test_nothing_leaves_outside_an_open_template_or_from_a_suspended_system(record_property: Record) -> None:
    permits = tried = 0
    for number, (image, grants, request) in enumerate(cases(7_000_000)):
        tried += 1
        decided = image.decide(request)
        if not isinstance(decided, Permit) or request.action is not Action.OBTAIN_EMERGENCY:
            continue
        permits += 1
        opening = request.emergency
        assert opening is not None
        assert opening.opened <= request.now < opening.ends
        assert decided.grants == (opening.template,)
        template = grants[opening.template]
        assert template.emergency is not None
        assert decided.release.keys() == request.fields <= template.fields
        assert decided.predicates == request.predicates <= template.predicates
        assert (request.system.status, REGISTRY.systems[request.system.id].status) == ("active", "active")
        if number % 10 == 0:
            suspended = replace(request, system=replace(request.system, status="suspended"))
            assert not isinstance(both_engines.decide(image, suspended), Permit)
            assert both_engines.decide(image, request) == decided
    record_property("cases", tried)
    assert permits > CASES // 20


def test_both_engines_agree_about_openings_also_under_further_guards(record_property: Record) -> None:
    permits = judged = 0
    for number, (image, _, request) in enumerate(cases(8_000_000)):
        if number % 20:
            continue
        judged += 1
        decided, reference = image.decide(request), Judge(image).judge(request)
        assert isinstance(decided, Permit) == isinstance(reference, Permit)
        if isinstance(decided, Permit):
            permits += 1
            assert decided == reference
            assert request.action is not Action.OBTAIN_EMERGENCY or decided == both_engines.decide(image, request)
    record_property("cases", judged)
    assert permits > judged // 100


def test_an_ordinary_request_is_decided_as_if_there_were_no_template(record_property: Record) -> None:
    permits = judged = 0
    for number, (image, grants, request) in enumerate(cases(9_000_000)):
        if number % 10:
            continue
        judged += 1
        plain = replace(request, action=Action.of(request.fields) if request.fields else Action.VERIFY, emergency=None)
        ordinary = [one for one in grants.values() if one.emergency is None]
        guards = tuple(each.guard for each in image.guards)
        others = PolicyImage.build(ordinary, REGISTRY, image.epoch, guards, after=image)
        decided = image.decide(plain)
        assert decided == others.decide(plain)
        permits += isinstance(decided, Permit)
    record_property("cases", judged)
    assert permits > judged // 100
