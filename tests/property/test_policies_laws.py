"""Laws that hold for every set of grants: nothing leaves beyond what was asked, granted and agreed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest

from kernel.identifiers.masking import Mask, stronger
from kernel.text import Text
from policies.analysis.change import Proposal, examine
from policies.decision import Deny, Permit
from policies.delivery import Delivery
from policies.grants.commands import (
    ActivateGrant,
    ApproveGrant,
    Command,
    DraftGrant,
    EndorseGrant,
    ExpireGrant,
    ReactivateGrant,
    ReturnGrant,
    ReviseGrant,
    RevokeGrant,
    ScheduleGrant,
    SubmitGrant,
    SupersedeGrant,
    SuspendGrant,
    allowed,
)
from policies.grants.conditions import panel_of
from policies.grants.document import digest
from policies.grants.events import GrantState, Status
from policies.grants.grant import Grant
from policies.grants.lifecycle import decide, evolve
from policies.grants.review import TOGETHER, ChangeClass, Examination, Recheck, ReviewPackage
from policies.grants.terms import HIGHEST_QUOTA, Hours
from policies.guards import GUARDS
from policies.index import PolicyImage
from policies.model import AccessRequest, BasisKind
from policies.obligations import is_kept_by
from policies.proceedings import NotAllowed
from policies.roles import Officer, Role
from tests.cases import seeds
from tests.property.policy_sets import (
    BASES,
    CASES,
    REGISTRY,
    SOME_GUARDS,
    TICK,
    Decided,
    World,
    decided,
    grant,
    some,
)


def released_is_within_requested_and_granted_and_consented(case: Decided) -> int:
    permits = 0
    for request, decision in case.decisions:
        if not isinstance(decision, Permit):
            continue
        permits += 1
        assert decision.release.keys() == request.fields
        assert decision.predicates == request.predicates
        for each in satisfied(case.world, decision):
            assert decision.release.keys() <= each.fields
            assert decision.predicates <= each.predicates
        if BASES[request.legal_basis] is BasisKind.CONSENT:
            assert request.consent is not None
            assert decision.release.keys() <= request.consent.fields
            assert decision.predicates <= request.consent.predicates
    return permits


def masks_are_never_weaker_than_any_satisfied_grant_or_the_catalogue_says(case: Decided) -> int:
    masked = 0
    for request, decision in permits_of(case):
        catalogue = REGISTRY.evidence_types[request.evidence_type].fields
        for name, mask in decision.release.items():
            demanded = [catalogue[name].minimal_mask]
            demanded += [each.masks[name] for each in satisfied(case.world, decision) if name in each.masks]
            assert all(stronger(mask, demand) is mask for demand in demanded)
            assert mask in demanded or mask is Mask.CLEAR
            masked += mask is not Mask.CLEAR
    return masked


def permits_of(case: Decided) -> Iterator[tuple[AccessRequest, Permit]]:
    return ((request, decision) for request, decision in case.decisions if isinstance(decision, Permit))


def satisfied(world: World, permit: Permit) -> list[Grant]:
    found = [each for each in world.grants if each.ref in permit.grants]
    assert found
    return found


def obligations_and_quotas_are_those_of_every_satisfied_grant(case: Decided) -> int:
    bound = 0
    for _request, decision in permits_of(case):
        grants = satisfied(case.world, decision)
        assert set(decision.obligations) == {duty for each in grants for duty in each.obligations}
        assert {(quota.grant, quota.per_day) for quota in decision.quotas} == {
            (each.ref, each.quota_per_day) for each in grants if each.quota_per_day
        }
        bound += bool(decision.obligations or decision.quotas)
    return bound


def adding_a_forbid_never_permits(case: Decided) -> int:
    """What still leaves, leaves as before; and what is refused now only because of it is what it says of itself."""
    extra = Random(case.world.seed).choice(SOME_GUARDS)
    after = case.world.image(guards=(*GUARDS, *extra), after=case.image)
    taken = 0
    for request, before in case.decisions:
        now = after.decide(request)
        if isinstance(now, Permit):
            assert now == before
        elif isinstance(before, Permit):
            taken += 1
            assert {clause.id for clause in now.clauses} <= {guard.ref for guard in extra}
    return taken


def taking_a_grant_away_never_permits(case: Decided) -> int:
    after = PolicyImage.build(case.world.grants[1:], REGISTRY, case.world.seed, after=case.image)
    taken = 0
    for request, before in case.decisions:
        now = after.decide(request)
        assert isinstance(before, Permit) or not isinstance(now, Permit)
        taken += isinstance(before, Permit) and not isinstance(now, Permit)
    return taken


def tightening_a_grant_never_permits_and_never_releases_more(case: Decided) -> int:
    """Nor in another form or with fewer duties, except what the examiner says: others release looser than together."""
    tighter = tightened(Random(case.world.seed), case.world.grants[0])
    after = PolicyImage.build((tighter, *case.world.grants[1:]), REGISTRY, case.world.seed, after=case.image)
    taken = 0
    for request, then in case.decisions:
        now = after.decide(request)
        if isinstance(now, Permit):
            assert isinstance(then, Permit)
            assert now.release.keys() == then.release.keys()
            assert now.predicates == then.predicates
            assert set(now.grants) <= set(then.grants)
            assert not looser(then, now) or others_release_looser(case.world, tighter, request)
        taken += isinstance(then, Permit) and not isinstance(now, Permit)
    return taken


def looser(then: Permit, now: Permit) -> bool:
    """Whether a mask became weaker, a duty went, or the least quota grew."""
    unmasked = any(stronger(mask, now.release[name]) is not now.release[name] for name, mask in then.release.items())
    undone = any(not any(is_kept_by(duty, each) for each in now.obligations) for duty in then.obligations)
    return unmasked or undone or least_quota(now) > least_quota(then)


def least_quota(permit: Permit) -> int:
    return min((quota.per_day for quota in permit.quotas), default=HIGHEST_QUOTA + 1)


def others_release_looser(world: World, tighter: Grant, request: AccessRequest) -> bool:
    """What an officer reads before signing; the law fails where it is missing."""
    proposed = replace(tighter, version=tighter.version + 1)  # the examiner knows a version by its number
    just_before = request.now - TICK  # what it proves is proved of later requests
    one = examine(Proposal(grant=proposed, active=world.grants, registry=REGISTRY, at=just_before))
    assert one.change.is_wider  # so that it is not signed as a tightening
    return {finding["question"]: finding["answer"] for finding in one.shown["findings"]}.get(TOGETHER) == "example"


def tightened(chance: Random, wide: Grant) -> Grant:
    fields = some(chance, tuple(sorted(wide.fields)))
    masks = {name: mask for name, mask in wide.masks.items() if name in fields}
    return chance.choice(
        (
            replace(wide, fields=fields, masks=masks) if fields or wide.predicates else wide,
            replace(wide, min_loa=4),
            replace(wide, absent_allowed=False),
            replace(wide, quota_per_day=1),
            replace(wide, mandate_required=True),
            replace(wide, own_division_only=True),
            replace(wide, delivery_modes=frozenset({min(wide.delivery_modes or Delivery)})),
            replace(wide, hours=replace(wide.hours or Hours(0, 24), end=(wide.hours or Hours(17, 18)).start + 1)),
            replace(wide, relations=frozenset({min(wide.relations)})),
            replace(wide, service_items=frozenset({min(wide.service_items)})),
            replace(wide, valid_to=wide.valid_from + TICK),
        )
    )


def every_refusal_names_a_clause_in_both_languages(case: Decided) -> int:
    refusals = 0
    for _request, decision in case.decisions:
        if isinstance(decision, Deny):
            refusals += 1
            assert decision.clauses
            assert decision.code == decision.clauses[0].code
            assert all(clause.id and clause.text.zh and clause.text.en for clause in decision.clauses)
    return refusals


LAWS: dict[Callable[[Decided], int], float] = {
    released_is_within_requested_and_granted_and_consented: 0.2,
    masks_are_never_weaker_than_any_satisfied_grant_or_the_catalogue_says: 0.1,
    obligations_and_quotas_are_those_of_every_satisfied_grant: 0.1,
    adding_a_forbid_never_permits: 0.05,
    taking_a_grant_away_never_permits: 0.05,
    tightening_a_grant_never_permits_and_never_releases_more: 0.02,
    every_refusal_names_a_clause_in_both_languages: 0.2,
}
"""Each law, with the least share of cases that must put it to the test: a law tried on nothing holds of nothing."""


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Callable[[Decided], int], record_property: Callable[[str, object], None]) -> None:
    cases = telling = 0
    for case in decided(1_000_000 + 100_000 * [*LAWS].index(law)):
        cases += len(case.decisions)
        telling += law(case)
    record_property("cases", cases)
    assert cases >= CASES
    assert telling >= LAWS[law] * cases


PEOPLE = tuple(
    Officer(f"p{number}", organisation, frozenset(roles))
    for number, (organisation, roles) in enumerate(
        (
            ("street", {Role.CONSUMER_OFFICER}),
            ("police", {Role.PROVIDER_OFFICER}),
            ("police", {Role.PROVIDER_OFFICER, Role.GOVERNANCE_APPROVER, Role.GOVERNANCE_OFFICER}),
            ("office", {Role.GOVERNANCE_APPROVER}),
            ("office", {Role.GOVERNANCE_OFFICER, Role.DATA_PROTECTION_OFFICER}),
            ("office", {Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.CONSUMER_OFFICER}),
            ("other", {Role.PROVIDER_OFFICER, Role.CONSUMER_OFFICER}),
            ("office", {Role.DATA_PROTECTION_OFFICER}),
            ("street", {Role.SPONSOR, Role.GOVERNANCE_APPROVER}),
            ("audit", {Role.AUDITOR}),
            ("exchange", {Role.EXCHANGE}),
        )
    )
)


FOUND = Recheck("sha256:basis")
UNCONDITIONAL = replace(FOUND, unconditional=True)
REVIEWS = tuple(
    ReviewPackage(
        Examination(
            change=change,
            sensitive=sensitive,
            basis=FOUND.basis,
            shown={"class": change.value},
            unconditional=unconditional,
        )
    )
    for change, sensitive, unconditional in (
        (ChangeClass.TIGHTENING, (), False),
        (ChangeClass.WIDENING, (), False),
        (ChangeClass.WIDENING, (Text("同意", "consent"),), False),
        (ChangeClass.TIGHTENING, (), True),
        (ChangeClass.WIDENING, (), True),
        (ChangeClass.WIDENING, (Text("同意", "consent"),), True),
    )
)


def a_command(chance: Random, drafts: tuple[Grant, ...], state: GrantState | None, actor: Officer) -> Command:
    """Mostly one that the table offers this officer, and now and then any."""
    seen = state.digest if state and chance.random() > 0.1 else digest(chance.choice(drafts), chance.choice(REVIEWS))
    commands: tuple[Command, ...] = (
        DraftGrant(chance.choice(drafts)),
        ReviseGrant(chance.choice(drafts)),
        SubmitGrant(chance.choice(REVIEWS)),
        ReturnGrant("unclear" if chance.random() < 0.3 else ""),
        ApproveGrant(seen),
        ScheduleGrant(chance.choice((UNCONDITIONAL, FOUND, None, Recheck("sha256:elsewhere")))),
        ActivateGrant(chance.choice((UNCONDITIONAL, UNCONDITIONAL, FOUND, None, Recheck("sha256:elsewhere")))),
        SuspendGrant("complaint"),
        ReactivateGrant(seen, chance.choice((FOUND, UNCONDITIONAL))),
        EndorseGrant(seen),
        RevokeGrant("over" if chance.random() < 0.05 else ""),
        ExpireGrant(),
        SupersedeGrant("G-0@99" if chance.random() < 0.05 else "G-0@1"),
    )
    offered = allowed(state.status if state else None, actor.roles)
    fitting = [command for command in commands if type(command) in offered]
    return chance.choice(fitting if fitting and chance.random() < 0.9 else commands)


WALKS, STEPS = -(-CASES // 60), 60


def test_no_history_makes_a_grant_active_without_its_panel_of_other_people_who_saw_exactly_it(
    record_property: Callable[[str, object], None],
) -> None:
    """Random officers try random commands; whatever happens, an active grant is one that its panel signed."""
    reached = unasked = 0
    for seed in seeds(WALKS):
        for state, found in history(Random(seed), drafts(seed % DRAFTS)):
            if state.status in {Status.SCHEDULED, Status.ACTIVE}:
                reached += state.status is Status.ACTIVE
                unasked += state.status is Status.ACTIVE and state.provider_is_told
                assert_signed(state)
                assert not state.provider_is_told or (found is not None and found.unconditional)
    record_property("cases", WALKS * STEPS)
    assert reached > WALKS // 5
    assert unasked > WALKS // 20


BEGIN = datetime(2031, 6, 14, tzinfo=UTC)
DRAFTS = 40
"""Triples of grants that histories are about: each is written and checked by Cedar once."""


@cache
def drafts(number: int) -> tuple[Grant, ...]:
    first = replace(
        grant(Random(number), "G-0"),
        consumer="street",
        provider="police",
        version=1,
        valid_from=BEGIN - timedelta(days=9),
    )
    later = BEGIN + TICK * 2  # one that begins while they are at it
    return (
        first,
        replace(first, min_loa=1, statute=first.statute),
        replace(first, absent_allowed=True, valid_from=later),
    )


def history(chance: Random, drafts: tuple[Grant, ...]) -> Iterator[tuple[GrantState, Recheck | None]]:
    """Every state, with what the examiner found for the command that led there."""
    state: GrantState | None = None
    now = BEGIN
    for _ in range(STEPS):
        actor = chance.choice(PEOPLE)
        command = a_command(chance, drafts, state, actor)
        try:
            events = decide(command, state, actor, now)
        except NotAllowed:
            continue
        for event in events:
            state = evolve(state, event)
            yield state, getattr(command, "found", None)
        now += TICK


def assert_signed(state: GrantState) -> None:
    officers = [signature.officer for signature in state.signatures]
    assert state.review is not None
    assert state.signed_by_provider or state.provider_is_told or not state.review.examination.change.is_wider
    assert {signature.role for signature in state.signatures} == set(panel_of(state.review))
    assert len(set(officers)) == len(panel_of(state.review))
    assert not set(officers) & state.authors
    assert not set(officers) & {one.officer for one in state.endorsements}
    assert {signature.digest for signature in state.signatures} == {digest(state.grant, state.review)}
