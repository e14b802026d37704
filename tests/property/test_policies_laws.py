"""Laws that hold for every set of grants: nothing leaves beyond what was asked, granted and agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from kernel.identifiers.masking import Mask, stronger
from kernel.text import Text
from policies.commands import (
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
    SubmitGrant,
    SupersedeGrant,
    SuspendGrant,
    allowed,
)
from policies.conditions import panel_of
from policies.decision import Deny, Permit
from policies.document import digest
from policies.events import GrantState, Status
from policies.grant import Grant, Hours
from policies.guards import GUARDS
from policies.index import PolicyImage
from policies.lifecycle import decide, evolve
from policies.model import AccessRequest, BasisKind
from policies.proceedings import NotAllowed
from policies.review import ChangeClass, Examination, Recheck, ReviewPackage
from policies.roles import Officer, Role
from tests.property.policy_sets import BASES, CASES, EXTRA_GUARDS, REGISTRY, TICK, World, grant, some, worlds


def decisions(start: int) -> Iterator[tuple[World, AccessRequest, Permit | Deny]]:
    for world in worlds(start=start):
        image = world.image()
        for request in world.requests:
            yield world, request, image.decide(request)


def test_released_is_within_requested_and_granted_and_consented() -> None:
    permits = 0
    for world, request, decision in decisions(1_000_000):
        if not isinstance(decision, Permit):
            continue
        permits += 1
        assert decision.release.keys() == request.fields
        assert decision.predicates == request.predicates
        for satisfied in (each for each in world.grants if each.ref in decision.grants):
            assert decision.release.keys() <= satisfied.fields
            assert decision.predicates <= satisfied.predicates
        if BASES[request.legal_basis] is BasisKind.CONSENT:
            assert request.consent is not None
            assert decision.release.keys() <= request.consent.fields
            assert decision.predicates <= request.consent.predicates
    assert permits > CASES // 10


def test_masks_are_never_weaker_than_any_satisfied_grant_or_the_catalogue_says() -> None:
    for world, request, decision in decisions(1_100_000):
        if isinstance(decision, Permit):
            catalogue = REGISTRY.evidence_types[request.evidence_type].fields
            for name, mask in decision.release.items():
                demanded = [catalogue[name].minimal_mask]
                demanded += [each.masks[name] for each in satisfied(world, decision) if name in each.masks]
                assert all(stronger(mask, demand) is mask for demand in demanded)
                assert mask in demanded or mask is Mask.CLEAR


def satisfied(world: World, permit: Permit) -> list[Grant]:
    return [each for each in world.grants if each.ref in permit.grants]


def test_obligations_and_quotas_are_those_of_every_satisfied_grant() -> None:
    for world, _request, decision in decisions(1_200_000):
        if isinstance(decision, Permit):
            grants = satisfied(world, decision)
            assert grants
            assert set(decision.obligations) == {duty for each in grants for duty in each.obligations}
            assert {(quota.grant, quota.per_day) for quota in decision.quotas} == {
                (each.ref, each.quota_per_day) for each in grants if each.quota_per_day
            }


def test_adding_a_guard_never_permits() -> None:
    for world in worlds(start=1_300_000):
        extra = Random(world.seed).choice(EXTRA_GUARDS)
        before, after = world.image(), world.image(guards=(*GUARDS, extra))
        for request in world.requests:
            if isinstance(after.decide(request), Permit):
                assert after.decide(request) == before.decide(request)


def test_taking_a_grant_away_never_permits() -> None:
    for world in worlds(start=1_400_000):
        before, after = world.image(), PolicyImage.build(world.grants[1:], REGISTRY, world.seed)
        for request in world.requests:
            if isinstance(after.decide(request), Permit):
                assert isinstance(before.decide(request), Permit)


def test_tightening_a_grant_never_permits_and_never_releases_more() -> None:
    for world in worlds(start=1_500_000):
        tighter = tightened(Random(world.seed), world.grants[0])
        before, after = world.image(), PolicyImage.build((tighter, *world.grants[1:]), REGISTRY, world.seed)
        for request in world.requests:
            now = after.decide(request)
            if isinstance(now, Permit):
                then = before.decide(request)
                assert isinstance(then, Permit)
                assert now.release.keys() == then.release.keys()
                assert set(now.grants) <= set(then.grants)


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
            replace(wide, hours=replace(wide.hours or Hours(0, 24), end=(wide.hours or Hours(17, 18)).start + 1)),
            replace(wide, relations=frozenset({min(wide.relations)})),
            replace(wide, service_items=frozenset({min(wide.service_items)})),
            replace(wide, valid_to=wide.valid_from + TICK),
        )
    )


def test_every_refusal_names_a_clause_in_both_languages() -> None:
    for _world, _request, decision in decisions(1_600_000):
        if isinstance(decision, Deny):
            assert decision.clauses
            assert decision.code == decision.clauses[0].code
            assert all(clause.id and clause.text.zh and clause.text.en for clause in decision.clauses)


PEOPLE = tuple(
    Officer(f"p{number}", organisation, frozenset(roles))
    for number, (organisation, roles) in enumerate(
        (
            ("street", {Role.CONSUMER_OFFICER}),
            ("police", {Role.PROVIDER_OFFICER}),
            ("police", {Role.PROVIDER_OFFICER, Role.GOVERNANCE_APPROVER, Role.GOVERNANCE_OFFICER}),
            ("office", {Role.GOVERNANCE_APPROVER}),
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
REVIEWS = tuple(
    ReviewPackage(Examination(change=change, sensitive=sensitive, basis=FOUND.basis, shown={"class": change.value}))
    for change, sensitive in (
        (ChangeClass.TIGHTENING, ()),
        (ChangeClass.WIDENING, ()),
        (ChangeClass.WIDENING, (Text("同意", "consent"),)),
    )
)


def a_command(chance: Random, drafts: tuple[Grant, ...], state: GrantState | None, actor: Officer) -> Command:
    """Mostly one that the table offers this officer, and now and then any."""
    seen = state.digest if state and chance.random() > 0.1 else digest(chance.choice(drafts), chance.choice(REVIEWS))
    commands: tuple[Command, ...] = (
        DraftGrant(chance.choice(drafts)),
        ReviseGrant(chance.choice(drafts)),
        SubmitGrant(chance.choice(REVIEWS)),
        ReturnGrant("unclear"),
        ApproveGrant(seen),
        ActivateGrant(chance.choice((FOUND, FOUND, None, Recheck("sha256:elsewhere")))),
        SuspendGrant("complaint"),
        ReactivateGrant(seen, FOUND),
        EndorseGrant(seen),
        RevokeGrant("over" if chance.random() < 0.05 else ""),
        ExpireGrant(),
        SupersedeGrant("G-0@99" if chance.random() < 0.05 else "G-0@1"),
    )
    offered = allowed(state.status if state else None, actor.roles)
    fitting = [command for command in commands if type(command) in offered]
    return chance.choice(fitting if fitting and chance.random() < 0.9 else commands)


def test_no_history_makes_a_grant_active_without_its_panel_of_other_people_who_saw_exactly_it() -> None:
    """Random officers try random commands; whatever happens, an active grant is one that its panel signed."""
    reached = 0
    for seed in range(CASES // 20):
        chance = Random(seed)
        first = replace(grant(chance, "G-0"), consumer="street", provider="police", version=1)
        drafts = (first, replace(first, min_loa=1, statute=first.statute), replace(first, absent_allowed=True))
        for state in history(chance, drafts):
            if state.status is Status.ACTIVE:
                reached += 1
                assert_signed(state)
    assert reached > CASES // 100


def history(chance: Random, drafts: tuple[Grant, ...]) -> Iterator[GrantState]:
    state: GrantState | None = None
    now = datetime(2031, 6, 14, tzinfo=UTC)
    for _ in range(60):
        actor = chance.choice(PEOPLE)
        try:
            events = decide(a_command(chance, drafts, state, actor), state, actor, now)
        except NotAllowed:
            continue
        for event in events:
            state = evolve(state, event)
            yield state
        now += TICK


def assert_signed(state: GrantState) -> None:
    officers = [signature.officer for signature in state.signatures]
    assert state.review is not None
    assert {signature.role for signature in state.signatures} == set(panel_of(state.review))
    assert len(set(officers)) == len(panel_of(state.review))
    assert not set(officers) & state.authors
    assert not set(officers) & {one.officer for one in state.endorsements}
    assert {signature.digest for signature in state.signatures} == {digest(state.grant, state.review)}
