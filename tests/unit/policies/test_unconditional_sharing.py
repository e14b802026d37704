"""What is shared unconditionally needs no signature of its provider, as long as all of it is (ADR 0092)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kernel.canonical import decode, encode
from policies.analysis.change import Proposal, examine
from policies.delivery import Delivery
from policies.grants.commands import (
    ActivateGrant,
    ApproveGrant,
    ReactivateGrant,
    ReturnGrant,
    ScheduleGrant,
    SubmitGrant,
    SuspendGrant,
)
from policies.grants.document import state_from_json, state_to_json
from policies.grants.events import GrantState, Status
from policies.grants.review import ChangeClass, Recheck, ReviewPackage
from policies.grants.routing import OFFICE, ONE, THREE, TWO, joined, panel, suffices, unconditional
from policies.grants.terms import BasisKind, EmergencyUse
from policies.registry import Registry
from policies.requests.commands import AcceptRequest, SubmitRequest, turns
from policies.requests.events import RequestState
from policies.requests.granting import grant_commands
from policies.roles import Officer, Role
from tests.unit.policies import test_requests as requests
from tests.unit.policies.test_lifecycle import (
    APPROVER,
    AUTHOR,
    BEFORE,
    DRAFTED,
    EXCHANGE,
    GOVERNOR,
    OWNER,
    reached,
    refusal,
    reviewed,
)
from tests.unit.policies.world import FOUND, GRANT, NOW, REGISTRY, grant

STILL = replace(FOUND, unconditional=True)
"""What the examiner finds again when nothing has changed."""
FREE = reviewed(ChangeClass.WIDENING, unconditional=True)


def shared(fields: frozenset[str], predicates: frozenset[str] = frozenset()) -> Registry:
    """The registry with so much of the type shared without its provider being asked."""
    kind = REGISTRY.evidence_types["income-certificate"]
    free = replace(kind, unconditional_fields=fields, unconditional_predicates=predicates)
    return replace(REGISTRY, evidence_types={**REGISTRY.evidence_types, "income-certificate": free})


def seats(registry: Registry, *standing: Any, **changes: Any) -> tuple[Role, ...]:
    one = examine(Proposal(grant=grant(**changes), active=standing, registry=registry, at=NOW))
    return panel(one.change, one.sensitive, one.reactivates, unconditional=one.unconditional)


@pytest.mark.parametrize(
    ("fields", "predicates", "changes", "signers"),
    [
        (GRANT.fields, (), {}, OFFICE),
        (GRANT.fields | {"address"}, ("exists",), {"predicates": frozenset({"exists"})}, OFFICE),
        # One conditional item among unconditional ones, one question whose answer is: the provider's seat is back.
        (GRANT.fields - {"cert_no"}, (), {}, TWO),
        (GRANT.fields, (), {"predicates": frozenset({"exists"})}, TWO),
        (GRANT.fields, (), {"predicates": frozenset({"exists", "valid-on"})}, TWO),
        ((), ("exists",), {"fields": frozenset(), "masks": {}, "predicates": frozenset({"exists"})}, OFFICE),
        ((), ("cert_no",), {}, TWO),  # a question that is called as a field is
        # What is more than sharing.
        (GRANT.fields, (), {"emergency": EmergencyUse(60), "basis_kind": BasisKind.STATUTORY}, THREE),
        (GRANT.fields, (), {"delivery_modes": frozenset({Delivery.DIRECT, Delivery.BULK})}, THREE),
    ],
)
def test_the_provider_signs_unless_all_of_it_is_shared_unconditionally(
    fields: Any, predicates: Any, changes: dict[str, Any], signers: tuple[Role, ...]
) -> None:
    registry = shared(frozenset(fields), frozenset(predicates))
    assert seats(registry, **changes) == signers
    assert unconditional(grant(**changes), registry) is (Role.PROVIDER_OFFICER not in signers)


def test_what_the_registry_does_not_know_is_not_shared_unconditionally() -> None:
    assert not unconditional(grant(evidence_type="unheard-of"), shared(GRANT.fields))
    assert not unconditional(GRANT, REGISTRY)


def test_a_later_version_is_routed_by_what_it_gives() -> None:
    free = shared(GRANT.fields)
    assert seats(free, GRANT, version=4, quota_per_day=None) == OFFICE
    assert seats(free, GRANT, version=4, min_loa=3) == ONE
    assert seats(free, GRANT, version=4, fields=GRANT.fields | {"address"}) == TWO


def test_where_the_provider_signs_the_data_office_need_not_stand_in_for_it() -> None:
    assert joined(OFFICE, THREE) == THREE
    assert suffices(TWO, OFFICE)
    assert not suffices(OFFICE, TWO)
    assert not suffices(TWO, THREE)


@pytest.mark.parametrize(
    ("free", "suspended", "wanted"),
    [(True, OFFICE, OFFICE), (True, TWO, TWO), (False, OFFICE, TWO), (False, TWO, TWO)],
)
def test_the_place_of_a_suspended_version_is_not_taken_without_its_provider_where_it_is_to_be_asked(
    free: bool, suspended: tuple[Role, ...], wanted: tuple[Role, ...]
) -> None:
    """It tightens, which one would sign."""
    assert panel(ChangeClass.TIGHTENING, (), suspended, unconditional=free) == wanted


# Signatures -----------------------------------------------------------------------------------------------------------

SUBMITTED = reached((SubmitGrant(FREE), AUTHOR), state=DRAFTED, at=BEFORE)
SEEN = SUBMITTED.digest
APPROVED = reached((ApproveGrant(SEEN), GOVERNOR), (ApproveGrant(SEEN), APPROVER), state=SUBMITTED, at=BEFORE)
SCHEDULED = reached((ScheduleGrant(STILL), EXCHANGE), state=APPROVED, at=BEFORE)
ACTIVE = reached((ActivateGrant(STILL), EXCHANGE), state=APPROVED)
BOTH = Officer("qian", "data-office", frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER}))


def test_two_of_the_data_office_sign_and_its_provider_has_no_seat() -> None:
    assert (SUBMITTED.panel, SUBMITTED.provider_is_told, APPROVED.status) == (OFFICE, True, Status.APPROVED)
    assert refusal(ApproveGrant(SEEN), SUBMITTED, OWNER) == "grant.seat-taken"
    assert refusal(ApproveGrant("sha256:0"), SUBMITTED, GOVERNOR) == "grant.digest-changed"


def test_one_person_does_not_sit_on_two_seats_of_the_data_office() -> None:
    half = reached((ApproveGrant(SEEN), BOTH), state=SUBMITTED)
    assert refusal(ApproveGrant(SEEN), half, BOTH) == "grant.already-signed"
    assert reached((ApproveGrant(SEEN), APPROVER), state=half).status is Status.APPROVED
    forged = replace(APPROVED, signatures=tuple(replace(one, officer="qian") for one in APPROVED.signatures))
    assert refusal(ActivateGrant(STILL), forged, EXCHANGE) == "grant.digest-changed"


@pytest.mark.parametrize("signer", [GOVERNOR, APPROVER])
def test_an_author_signs_in_no_seat_of_the_data_office(signer: Officer) -> None:
    mine = replace(SUBMITTED, authors=SUBMITTED.authors | {signer.id})
    assert refusal(ApproveGrant(SEEN), mine, signer) == "grant.author-may-not-sign"


@pytest.mark.parametrize("state", [APPROVED, SCHEDULED])
def test_it_does_not_take_effect_without_its_provider_when_it_is_no_longer_shared_unconditionally(
    state: GrantState,
) -> None:
    """Also where the basis is the same, and where it was signed long before."""
    for found in (FOUND, replace(FOUND, panel=OFFICE), replace(FOUND, panel=TWO)):
        assert refusal(ActivateGrant(found), state, EXCHANGE) == "grant.provider-must-sign"
    assert reached((ActivateGrant(STILL), EXCHANGE), state=state).status is Status.ACTIVE


def test_handed_in_again_it_goes_before_its_provider() -> None:
    again = reached(
        *((ReturnGrant("conditional now"), APPROVER), (SubmitGrant(reviewed(ChangeClass.WIDENING)), AUTHOR)),
        state=reached((ApproveGrant(SEEN), APPROVER), state=SUBMITTED),
    )
    assert (again.panel, again.signatures, again.unconditional) == (TWO, (), False)
    returned = reached((ReturnGrant("x"), APPROVER), state=SUBMITTED)
    assert (returned.panel, returned.unconditional) == (TWO, False)


def test_its_provider_suspends_it_and_the_data_office_puts_it_back_while_it_is_shared_unconditionally() -> None:
    suspended = reached((SuspendGrant("complaint"), OWNER), state=ACTIVE)
    assert suspended.whole_panel == OFFICE
    assert refusal(ReactivateGrant(SEEN, STILL), suspended, OWNER) == "grant.seat-taken"
    half = reached((ReactivateGrant(SEEN, STILL), GOVERNOR), state=suspended)
    assert refusal(ReactivateGrant(SEEN, FOUND), half, APPROVER) == "grant.provider-must-sign"
    assert reached((ReactivateGrant(SEEN, STILL), APPROVER), state=half).status is Status.ACTIVE


def test_a_version_that_one_signed_takes_both_of_the_data_office_to_reactivate() -> None:
    one = reached((SubmitGrant(reviewed(ChangeClass.TIGHTENING, unconditional=True)), AUTHOR), state=DRAFTED)
    active = reached((ApproveGrant(one.digest), APPROVER), (ActivateGrant(STILL), EXCHANGE), state=one)
    assert (one.panel, active.whole_panel) == (ONE, OFFICE)


def test_what_its_provider_signed_begins_also_where_it_is_shared_unconditionally_by_then() -> None:
    signed = reached((SubmitGrant(reviewed(ChangeClass.WIDENING)), AUTHOR), state=DRAFTED, at=BEFORE)
    both = ((ApproveGrant(signed.digest), OWNER), (ApproveGrant(signed.digest), APPROVER))
    waiting = reached(*both, (ScheduleGrant(FOUND), EXCHANGE), state=signed, at=BEFORE)
    found = Recheck("sha256:elsewhere", panel=OFFICE, unconditional=True)
    assert reached((ActivateGrant(found), EXCHANGE), state=waiting).status is Status.ACTIVE


def test_the_documents_say_it_only_where_it_is_so() -> None:
    for state in (SUBMITTED, ACTIVE):
        assert state_from_json(decode(encode(state_to_json(state))), state.review) == state
    assert ReviewPackage.from_json(decode(encode(FREE.to_json()))) == FREE
    for document in (state_to_json(DRAFTED), reviewed(ChangeClass.WIDENING).to_json()):
        assert "unconditional" not in document


# From a request -------------------------------------------------------------------------------------------------------


def granted(*authors: tuple[str, Role]) -> RequestState:
    state = requests.live(
        (SubmitRequest(requests.UNCONDITIONAL), requests.AUTHOR),
        (AcceptRequest(requests.UNCONDITIONAL), requests.CHECKER),
        state=requests.DRAFTED,
    )
    assert state is not None
    return replace(state, authors=(*state.authors, *authors))


def test_the_form_check_hands_in_the_grant_in_the_name_of_its_author() -> None:
    *drafting, (submission, who) = grant_commands(granted(("zhou", Role.GOVERNANCE_OFFICER)))
    assert [author.id for _command, author in drafting] == ["li", "zhou"]
    assert (submission, who.id) == (SubmitGrant(), "li")
    assert turns(granted()) == (*OFFICE, Role.PROVIDER_OFFICER)


def test_what_its_provider_agreed_to_stays_a_draft_that_its_author_hands_in() -> None:
    agreed = requests.STATES[requests.Status.APPROVED]
    assert not any(isinstance(command, SubmitGrant) for command, _author in grant_commands(agreed))
    assert turns(agreed)[0] is Role.GOVERNANCE_OFFICER
