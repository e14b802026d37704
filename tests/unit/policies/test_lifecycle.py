"""The life of a grant: every cell of state × role × command, and the rules that no role can bend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, get_args

import pytest

from kernel.canonical import decode, encode
from kernel.text import Text
from policies.grants import events
from policies.grants.commands import (
    TABLE,
    ActivateGrant,
    ApproveGrant,
    Command,
    CommandKind,
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
from policies.grants.conditions import months_later
from policies.grants.document import digest, state_from_json, state_to_json
from policies.grants.events import GrantActivated, GrantReactivated, GrantState, Status, facts
from policies.grants.grant import Grant
from policies.grants.lifecycle import decide, evolve
from policies.grants.review import ChangeClass, Recheck, ReviewPackage
from policies.grants.routing import OFFICE, OFFICE_THREE, ONE, THREE, TWO
from policies.grants.terms import Obligation
from policies.proceedings import NotAllowed
from policies.roles import Officer, Role
from tests.unit.policies.world import FOUND, GRANT, WIDER, grant
from tests.unit.policies.written_tables import NOT_YET, verb, within, written

BEFORE, NOW = datetime(2030, 12, 1, tzinfo=UTC), datetime(2031, 1, 2, tzinfo=UTC)
"""The sample's time begins between the two."""
AUTHOR = Officer("li", "social-welfare", frozenset({Role.CONSUMER_OFFICER}))
OWNER = Officer("wang", "revenue", frozenset({Role.PROVIDER_OFFICER}))
APPROVER = Officer("zhao", "data-office", frozenset({Role.GOVERNANCE_APPROVER}))
GOVERNOR = Officer("qian", "data-office", frozenset({Role.GOVERNANCE_OFFICER}))
EXCHANGE = Officer("exchange", "exchange", frozenset({Role.EXCHANGE}))
AUDITOR = Officer("sun", "audit", frozenset({Role.AUDITOR}))

PROTECTOR = Officer("he", "data-office", frozenset({Role.DATA_PROTECTION_OFFICER}))
SPONSOR = Officer("jin", "social-welfare", frozenset({Role.SPONSOR}))
OTHERS = frozenset(Role) - {
    *(Role.CONSUMER_OFFICER, Role.PROVIDER_OFFICER, Role.GOVERNANCE_APPROVER, Role.GOVERNANCE_OFFICER, Role.EXCHANGE),
    *(Role.DATA_PROTECTION_OFFICER, Role.SPONSOR),
}
ACTORS = {
    Role.DATA_PROTECTION_OFFICER: PROTECTOR,
    Role.SPONSOR: SPONSOR,
    Role.CONSUMER_OFFICER: AUTHOR,
    Role.PROVIDER_OFFICER: OWNER,
    Role.GOVERNANCE_APPROVER: APPROVER,
    Role.GOVERNANCE_OFFICER: GOVERNOR,
    Role.EXCHANGE: EXCHANGE,
    **{role: Officer("sun", "audit", frozenset({role})) for role in OTHERS},
}

Step = tuple[Command, Officer]


def live(*steps: Step, at: datetime = NOW, state: GrantState | None = None) -> GrantState | None:
    for command, actor in steps:
        for event in decide(command, state, actor, at):
            state = evolve(state, event)
    return state


def reached(*steps: Step, state: GrantState | None = None, at: datetime = NOW) -> GrantState:
    after = live(*steps, state=state, at=at)
    assert after is not None
    return after


def refusal(command: Command, state: GrantState | None, actor: Officer, at: datetime = NOW) -> str:
    with pytest.raises(NotAllowed) as refused:
        decide(command, state, actor, at)
    assert refused.value.reason.zh
    assert refused.value.reason.en
    return refused.value.code


ALLOWED = written("""
-          consumer-officer         draft
-          governance-officer       draft

drafted    consumer-officer         revise submit
drafted    governance-officer       revise submit revoke
drafted    exchange                 expire

submitted  provider-officer         approve return
submitted  governance-approver      approve return
submitted  data-protection-officer  approve return
submitted  governance-officer       approve return revoke
submitted  sponsor                  endorse
submitted  exchange                 expire

approved   provider-officer         return revoke
approved   governance-officer       activate return revoke
approved   governance-approver      activate return revoke
approved   exchange                 schedule activate expire

scheduled  provider-officer         return revoke
scheduled  governance-officer       return revoke
scheduled  governance-approver      return revoke
scheduled  data-protection-officer  return revoke
scheduled  exchange                 activate return expire supersede

active     provider-officer         suspend revoke
active     governance-officer       suspend revoke
active     governance-approver      suspend revoke
active     data-protection-officer  suspend revoke
active     exchange                 expire supersede

suspended  provider-officer         reactivate revoke
suspended  governance-approver      reactivate revoke
suspended  data-protection-officer  reactivate revoke
suspended  governance-officer       reactivate revoke
suspended  exchange                 expire supersede
""")
"""What is meant. Who suspends need not be who puts back in force; a governance officer signs where no provider does."""

SEEN = digest(GRANT, WIDER)
DRAFTED = reached((DraftGrant(GRANT), AUTHOR), at=BEFORE)
SUBMITTED = reached((SubmitGrant(WIDER), AUTHOR), state=DRAFTED, at=BEFORE)
HALF = reached((ApproveGrant(SEEN), OWNER), state=SUBMITTED, at=BEFORE)
APPROVED = reached((ApproveGrant(SEEN), APPROVER), state=HALF, at=BEFORE)
SCHEDULED = reached((ScheduleGrant(FOUND), EXCHANGE), state=APPROVED, at=BEFORE)
ACTIVE = reached((ActivateGrant(FOUND), EXCHANGE), state=APPROVED)
SUSPENDED = reached((SuspendGrant("complaint"), OWNER), state=ACTIVE)
STATES = {
    Status.DRAFTED: DRAFTED,
    Status.SUBMITTED: SUBMITTED,
    Status.APPROVED: APPROVED,
    Status.SCHEDULED: SCHEDULED,
    Status.ACTIVE: ACTIVE,
    Status.SUSPENDED: SUSPENDED,
    Status.REVOKED: reached((RevokeGrant("over"), OWNER), state=ACTIVE),
    Status.EXPIRED: reached((ExpireGrant(), EXCHANGE), state=ACTIVE, at=GRANT.valid_to),
    Status.SUPERSEDED: reached((SupersedeGrant("DEM-0007@4"), EXCHANGE), state=ACTIVE),
}
SAMPLES: dict[CommandKind, Command] = {
    DraftGrant: DraftGrant(GRANT),
    ReviseGrant: ReviseGrant(GRANT),
    SubmitGrant: SubmitGrant(WIDER),
    ReturnGrant: ReturnGrant("unclear"),
    ApproveGrant: ApproveGrant(SEEN),
    EndorseGrant: EndorseGrant(SEEN),
    ScheduleGrant: ScheduleGrant(FOUND),
    ActivateGrant: ActivateGrant(FOUND),
    SuspendGrant: SuspendGrant("complaint"),
    ReactivateGrant: ReactivateGrant(SEEN, FOUND),
    RevokeGrant: RevokeGrant("over"),
    ExpireGrant: ExpireGrant(),
    SupersedeGrant: SupersedeGrant("DEM-0007@4"),
}


SEATED: dict[Role, dict[str, Any]] = {
    Role.DATA_PROTECTION_OFFICER: {"panel": THREE},
    Role.GOVERNANCE_OFFICER: {"panel": OFFICE, "unconditional": True},
}
"""Where these have a seat: not on every panel."""


def moment_for(command: Command) -> datetime:
    if isinstance(command, ExpireGrant):
        return GRANT.valid_to
    return BEFORE if isinstance(command, ScheduleGrant) else NOW


@pytest.mark.parametrize(("status", "role"), list(product(STATES, Role)))
def test_every_cell_of_the_table(status: Status, role: Role, record_property: Callable[[str, object], None]) -> None:
    """Allowed exactly where it is written above, for an officer of the right organisation."""
    record_property("cases", len(get_args(Command)))
    for kind in get_args(Command):
        command = SAMPLES[kind]
        at = max(moment_for(command), STATES[status].changed_at)
        if within(ALLOWED, status.value, role, kind):
            seated = SEATED.get(role, {}) if kind in {ApproveGrant, ReactivateGrant} else {}
            state = replace(STATES[status], **seated)
            assert decide(command, state, ACTORS[role], at), kind
        elif kind is DraftGrant:
            assert refusal(command, STATES[status], ACTORS[role]) == "grant.exists"
        else:
            assert refusal(command, STATES[status], ACTORS[role], at) == "grant.not-allowed", kind


@pytest.mark.parametrize(("role", "kind"), list(product(Role, get_args(Command))))
def test_before_a_grant_exists_it_can_only_be_drafted(role: Role, kind: CommandKind) -> None:
    if kind is not DraftGrant:
        assert refusal(SAMPLES[kind], None, ACTORS[role]) == "grant.unknown"
    elif within(ALLOWED, NOT_YET, role, DraftGrant):
        assert live((DraftGrant(GRANT), ACTORS[role]))
    else:
        assert refusal(DraftGrant(GRANT), None, ACTORS[role]) == "grant.not-allowed"


def test_the_table_knows_every_state_and_ended_grants_stay_ended() -> None:
    assert TABLE.keys() == {None, *Status}
    assert STATES.keys() == set(Status)
    assert {NOT_YET, *(status.value for status in Status)} >= {state for state, _ in ALLOWED}
    assert {verb(kind) for kind in get_args(Command)} == frozenset().union(*ALLOWED.values())
    for ended in (Status.REVOKED, Status.EXPIRED, Status.SUPERSEDED):
        assert not allowed(ended, Role)
    assert allowed(Status.ACTIVE, ()) == frozenset()
    assert not any(OTHERS & row.keys() for row in TABLE.values())


def test_a_grant_needs_its_provider_and_governance_and_takes_effect_then() -> None:
    assert (HALF.status, APPROVED.status, ACTIVE.status) == (Status.SUBMITTED, Status.APPROVED, Status.ACTIVE)
    assert [(signature.officer, signature.role) for signature in ACTIVE.signatures] == [
        ("wang", Role.PROVIDER_OFFICER),
        ("zhao", Role.GOVERNANCE_APPROVER),
    ]
    assert {signature.digest for signature in ACTIVE.signatures} == {SEEN}
    assert (DRAFTED.revision, ACTIVE.revision) == (1, 5)


def test_the_order_of_signatures_does_not_matter() -> None:
    assert (
        reached((ApproveGrant(SEEN), APPROVER), (ApproveGrant(SEEN), OWNER), state=SUBMITTED).status is Status.APPROVED
    )


def both_roles(identifier: str) -> Officer:
    return Officer(identifier, "revenue", frozenset({Role.PROVIDER_OFFICER, Role.GOVERNANCE_APPROVER}))


def test_one_person_signs_once_whatever_the_roles() -> None:
    signed = reached((ApproveGrant(SEEN), both_roles("two-hats")), state=SUBMITTED)
    assert refusal(ApproveGrant(SEEN), signed, both_roles("two-hats")) == "grant.already-signed"
    assert reached((ApproveGrant(SEEN), both_roles("another")), state=signed).status is Status.APPROVED


def test_two_of_one_seat_do_not_make_a_panel() -> None:
    assert refusal(ApproveGrant(SEEN), HALF, replace(OWNER, id="wu")) == "grant.seat-taken"


@pytest.mark.parametrize("roles", [{Role.GOVERNANCE_APPROVER}, {Role.GOVERNANCE_APPROVER, Role.GOVERNANCE_OFFICER}])
def test_nobody_approves_a_grant_of_their_own(roles: Iterable[Role]) -> None:
    me = Officer("qian", "data-office", frozenset({Role.GOVERNANCE_OFFICER}))
    mine = reached((DraftGrant(GRANT), me), (SubmitGrant(WIDER), me))
    assert refusal(ApproveGrant(SEEN), mine, replace(me, roles=frozenset(roles))) == "grant.author-may-not-sign"


def test_whoever_revised_a_draft_is_an_author_too() -> None:
    revised = reached((ReviseGrant(GRANT), GOVERNOR), (SubmitGrant(WIDER), AUTHOR), state=DRAFTED)
    helper = replace(APPROVER, id=GOVERNOR.id)
    assert revised.authors == {"li", "qian"}
    assert refusal(ApproveGrant(SEEN), revised, helper) == "grant.author-may-not-sign"


def test_an_author_does_not_sign_a_reactivation_either() -> None:
    suspended = replace(SUSPENDED, authors=frozenset({"zhao"}))
    assert refusal(ReactivateGrant(SEEN, FOUND), suspended, APPROVER) == "grant.author-may-not-sign"


def test_officers_act_for_their_own_department_only() -> None:
    stranger = replace(OWNER, organisation="housing")
    for command, state in ((ApproveGrant(SEEN), SUBMITTED), (SuspendGrant("x"), ACTIVE), (RevokeGrant("x"), ACTIVE)):
        assert refusal(command, state, stranger) == "grant.other-organisation"
    assert refusal(DraftGrant(GRANT), None, replace(AUTHOR, organisation="housing")) == "grant.other-organisation"
    assert refusal(SubmitGrant(WIDER), DRAFTED, replace(AUTHOR, organisation="housing")) == "grant.other-organisation"


def test_a_foreign_provider_officer_with_another_hat_signs_under_that_hat() -> None:
    hats = replace(both_roles("two-hats"), organisation="housing")
    signed = reached((ApproveGrant(SEEN), hats), state=SUBMITTED)
    assert [signature.role for signature in signed.signatures] == [Role.GOVERNANCE_APPROVER]


def test_a_revision_cannot_take_a_grant_to_another_department_or_another_name() -> None:
    assert refusal(ReviseGrant(grant(consumer="housing")), DRAFTED, AUTHOR) == "grant.other-organisation"
    assert refusal(ReviseGrant(grant(version=4)), DRAFTED, AUTHOR) == "grant.other-grant"


def test_a_signature_is_worth_nothing_for_another_text() -> None:
    assert refusal(ApproveGrant("sha256:0"), SUBMITTED, OWNER) == "grant.digest-changed"
    tampered = replace(SUBMITTED, grant=grant(min_loa=1))
    assert refusal(ApproveGrant(SEEN), tampered, OWNER) == "grant.digest-changed"
    assert refusal(ApproveGrant(digest(tampered.grant, tampered.review)), tampered, OWNER) == "grant.digest-changed"


@pytest.mark.parametrize(
    "changes",
    [{"min_loa": 1}, {"fields": GRANT.fields | {"address"}}, {"masks": {}}, {"statute": Text("另一条", "another")}],
)
def test_any_changed_byte_voids_the_approvals_at_activation(changes: dict[str, object]) -> None:
    tampered = replace(APPROVED, grant=grant(**changes))
    assert refusal(ActivateGrant(FOUND), tampered, EXCHANGE) == "grant.digest-changed"


def test_a_state_that_claims_to_be_approved_without_its_signatures_is_not_activated() -> None:
    for signatures in ((), APPROVED.signatures[:1], APPROVED.signatures[:1] * 2):
        forged = replace(APPROVED, signatures=signatures)
        assert refusal(ActivateGrant(FOUND), forged, EXCHANGE) == "grant.digest-changed"
    one_person = tuple(replace(signature, officer="wang") for signature in APPROVED.signatures)
    assert refusal(ActivateGrant(FOUND), replace(APPROVED, signatures=one_person), EXCHANGE) == "grant.digest-changed"


def test_a_returned_grant_loses_its_signatures() -> None:
    returned = reached((ReturnGrant("fields?"), APPROVER), state=HALF)
    assert (returned.status, returned.signatures, returned.digest) == (Status.DRAFTED, (), "")
    again = reached((SubmitGrant(WIDER), AUTHOR), (ApproveGrant(SEEN), APPROVER), state=returned)
    assert again.status is Status.SUBMITTED


@pytest.mark.parametrize("actor", [OWNER, GOVERNOR, APPROVER])
def test_one_officer_suspends_and_it_takes_the_whole_panel_to_reactivate(actor: Officer) -> None:
    suspended = reached((SuspendGrant("complaint"), actor), state=ACTIVE)
    half = reached((ReactivateGrant(SEEN, FOUND), APPROVER), state=suspended)
    assert (half.status, len(half.reactivation)) == (Status.SUSPENDED, 1)
    assert refusal(ReactivateGrant(SEEN, FOUND), half, APPROVER) == "grant.already-signed"
    assert refusal(ReactivateGrant("sha256:0", FOUND), half, OWNER) == "grant.digest-changed"
    events_of_the_last = decide(ReactivateGrant(SEEN, FOUND), half, OWNER, NOW)
    assert [event.name for event in events_of_the_last] == ["GrantReactivationSigned", "GrantReactivated"]
    assert reached((ReactivateGrant(SEEN, FOUND), OWNER), state=half).status is Status.ACTIVE


def test_signatures_for_one_reactivation_do_not_count_for_the_next() -> None:
    back = reached((ReactivateGrant(SEEN, FOUND), OWNER), (ReactivateGrant(SEEN, FOUND), APPROVER), state=SUSPENDED)
    again = reached((SuspendGrant("again"), GOVERNOR), state=back)
    assert again.reactivation == ()


def reviewed(change: ChangeClass, *sensitive: Text, unconditional: bool = False) -> ReviewPackage:
    one = replace(WIDER.examination, change=change, sensitive=sensitive, unconditional=unconditional)
    return ReviewPackage(one)


CONSENT, LEVEL = Text("同意", "consent"), Text("等级", "level")


@pytest.mark.parametrize(
    ("change", "sensitive", "unconditional", "seats"),
    [
        (ChangeClass.EQUIVALENT, (), False, ONE),
        (ChangeClass.TIGHTENING, (), False, ONE),
        (ChangeClass.WIDENING, (), False, TWO),
        (ChangeClass.INCOMPARABLE, (), False, TWO),
        *((change, (CONSENT,), False, THREE) for change in ChangeClass),
        (ChangeClass.EQUIVALENT, (), True, ONE),
        (ChangeClass.TIGHTENING, (), True, ONE),
        (ChangeClass.WIDENING, (), True, OFFICE),
        (ChangeClass.INCOMPARABLE, (), True, OFFICE),
        *((change, (LEVEL,), True, OFFICE_THREE) for change in ChangeClass),
    ],
)
def test_the_class_of_a_change_decides_who_must_sign(
    change: ChangeClass, sensitive: tuple[Text, ...], unconditional: bool, seats: tuple[Role, ...]
) -> None:
    """No seat fewer makes it approved, and no seat more is open: none of the provider where it is not asked."""
    review = reviewed(change, *sensitive, unconditional=unconditional)
    found = replace(FOUND, unconditional=unconditional)
    (event,) = decide(SubmitGrant(review), DRAFTED, AUTHOR, NOW)
    assert facts(event)["panel"] == [seat.value for seat in seats]
    assert facts(event)["review"] == change.value
    state = evolve(DRAFTED, event)
    for seat in seats:
        assert state.status is Status.SUBMITTED
        state = reached((ApproveGrant(state.digest), ACTORS[seat]), state=state)
    assert state.status is Status.APPROVED
    for idle in {Role.PROVIDER_OFFICER, Role.GOVERNANCE_OFFICER, Role.DATA_PROTECTION_OFFICER} - set(seats):
        waiting = evolve(DRAFTED, event)
        assert refusal(ApproveGrant(waiting.digest), waiting, ACTORS[idle]) == "grant.seat-taken"
    assert reached((ActivateGrant(found), EXCHANGE), state=state).status is Status.ACTIVE


def test_a_version_that_one_signed_takes_the_whole_panel_to_reactivate() -> None:
    one = reached((SubmitGrant(reviewed(ChangeClass.TIGHTENING)), AUTHOR), state=DRAFTED)
    active = reached((ApproveGrant(one.digest), APPROVER), (ActivateGrant(FOUND), EXCHANGE), state=one)
    suspended = reached((SuspendGrant("complaint"), OWNER), state=active)
    half = reached((ReactivateGrant(one.digest, FOUND), APPROVER), state=suspended)
    assert half.status is Status.SUSPENDED
    assert reached((ReactivateGrant(one.digest, FOUND), OWNER), state=half).status is Status.ACTIVE


def test_the_sponsor_endorses_and_does_not_count() -> None:
    endorsed = reached((EndorseGrant(SEEN), SPONSOR), state=SUBMITTED)
    assert (endorsed.status, endorsed.signatures) == (Status.SUBMITTED, ())
    assert [one.officer for one in endorsed.endorsements] == ["jin"]
    assert refusal(EndorseGrant(SEEN), endorsed, SPONSOR) == "grant.already-signed"
    assert refusal(EndorseGrant("sha256:0"), SUBMITTED, SPONSOR) == "grant.digest-changed"
    assert (
        refusal(EndorseGrant(SEEN), SUBMITTED, replace(SPONSOR, organisation="revenue")) == "grant.other-organisation"
    )
    assert refusal(ApproveGrant(SEEN), endorsed, replace(APPROVER, id="jin")) == "grant.already-signed"
    assert refusal(EndorseGrant(SEEN), HALF, replace(SPONSOR, id="wang")) == "grant.already-signed"
    returned = reached((ReturnGrant("fields?"), APPROVER), state=endorsed)
    assert (returned.endorsements, returned.review, returned.panel) == ((), None, TWO)


@pytest.mark.parametrize(
    "changed",
    [
        {"shown": {"class": "tightening"}},
        {"basis": "sha256:other"},
        {"change": ChangeClass.TIGHTENING},
        {"sensitive": (Text("x", "x"),)},
        {"unconditional": True},
    ],
)
def test_any_changed_byte_of_what_was_shown_voids_the_approvals(changed: dict[str, object]) -> None:
    """Proof, hierarchy, class: all of it is signed."""
    tampered = replace(APPROVED, review=ReviewPackage(replace(WIDER.examination, **changed)))
    assert refusal(ActivateGrant(FOUND), tampered, EXCHANGE) == "grant.digest-changed"
    waiting = replace(SUBMITTED, review=tampered.review)
    assert refusal(ApproveGrant(SEEN), waiting, OWNER) == "grant.digest-changed"


def test_the_digest_covers_a_simulation_and_the_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    assert digest(GRANT, replace(WIDER, simulation="sha256:1")) != digest(GRANT, WIDER)
    monkeypatch.setattr("policies.guards.text", lambda: "")
    assert refusal(ApproveGrant(SEEN), SUBMITTED, OWNER) == "grant.digest-changed"


def test_a_panel_that_is_not_the_classs_does_not_activate() -> None:
    forged = replace(APPROVED, panel=ONE)
    assert refusal(ActivateGrant(FOUND), forged, EXCHANGE) == "grant.digest-changed"


def test_a_grant_takes_effect_only_on_what_was_examined() -> None:
    moved = Recheck("sha256:elsewhere")
    broken = Recheck(FOUND.basis, (Text("已停用的系统", "suspended systems"),))
    assert refusal(ActivateGrant(), APPROVED, EXCHANGE) == "grant.not-examined"
    assert refusal(ActivateGrant(moved), APPROVED, EXCHANGE) == "grant.basis-changed"
    assert refusal(ActivateGrant(broken), APPROVED, EXCHANGE) == "grant.invariant-broken"
    half = reached((ReactivateGrant(SEEN), OWNER), state=SUSPENDED)
    assert refusal(ReactivateGrant(SEEN), half, APPROVER) == "grant.not-examined"
    assert refusal(ReactivateGrant(SEEN, broken), half, APPROVER) == "grant.invariant-broken"


def test_what_was_never_examined_is_never_active() -> None:
    bare = reached((SubmitGrant(), AUTHOR), state=DRAFTED)
    signed = reached((ApproveGrant(bare.digest), OWNER), (ApproveGrant(bare.digest), APPROVER), state=bare)
    assert refusal(ActivateGrant(FOUND), signed, EXCHANGE) == "grant.not-examined"


def test_expiry_is_mandatory_and_at_most_24_months_away() -> None:
    longest = grant(valid_to=datetime(2033, 1, 1, tzinfo=UTC))
    assert live((DraftGrant(longest), AUTHOR))
    too_long = grant(valid_to=longest.valid_to + timedelta(milliseconds=1))
    assert refusal(DraftGrant(too_long), None, AUTHOR) == "grant.too-long"
    assert refusal(ReviseGrant(too_long), DRAFTED, AUTHOR) == "grant.too-long"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2028-02-29", "2030-02-28"),
        ("2031-01-31", "2033-01-31"),
        ("2031-12-01", "2033-12-01"),
        ("9998-06-01", "9999-06-01"),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(start: str, end: str) -> None:
    begin, expected = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (start, end))
    assert months_later(begin, 24) == expected


def test_an_ended_grant_is_neither_drafted_submitted_signed_nor_activated() -> None:
    late = GRANT.valid_to
    assert refusal(DraftGrant(GRANT), None, AUTHOR, late) == "grant.expired"
    assert refusal(ReviseGrant(GRANT), DRAFTED, AUTHOR, late) == "grant.expired"
    assert refusal(SubmitGrant(WIDER), DRAFTED, AUTHOR, late) == "grant.expired"
    assert refusal(ApproveGrant(SEEN), SUBMITTED, OWNER, late) == "grant.expired"
    assert refusal(ActivateGrant(FOUND), APPROVED, EXCHANGE, late) == "grant.expired"
    assert refusal(ReactivateGrant(SEEN, FOUND), SUSPENDED, OWNER, late) == "grant.expired"
    assert refusal(ExpireGrant(), ACTIVE, EXCHANGE, late - timedelta(milliseconds=1)) == "grant.not-yet-expired"


def test_a_clock_that_runs_backwards_changes_nothing() -> None:
    before = NOW - timedelta(microseconds=1)
    assert refusal(SuspendGrant("x"), ACTIVE, OWNER, before) == "grant.clock-went-back"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_whoever_sends_back_suspends_or_revokes_gives_a_reason(reason: str) -> None:
    assert refusal(ReturnGrant(reason), SUBMITTED, OWNER) == "grant.reason-missing"
    assert refusal(SuspendGrant(reason), ACTIVE, OWNER) == "grant.reason-missing"
    assert refusal(RevokeGrant(reason), ACTIVE, OWNER) == "grant.reason-missing"


@pytest.mark.parametrize(
    "successor", ["DEM-0007@3", "DEM-0007@2", "DEM-0008@4", "DEM-0007", "DEM-0007@x", "DEM-0007@²"]
)
def test_only_a_newer_version_of_the_same_grant_replaces_it(successor: str) -> None:
    assert refusal(SupersedeGrant(successor), ACTIVE, EXCHANGE) == "grant.not-a-successor"


def submitted_of(odd: Grant) -> str:
    return refusal(SubmitGrant(WIDER), reached((DraftGrant(odd), AUTHOR)), AUTHOR)


def test_what_cannot_be_enforced_is_not_put_before_the_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert submitted_of(grant(obligations=(Obligation.parse("sing-a-song"),))) == "grant.obligation-unknown"
    monkeypatch.setattr("policies.cedar.render", lambda _grant: "permit (principal, action, resource);")
    assert refusal(SubmitGrant(WIDER), DRAFTED, AUTHOR) == "grant.policy-invalid"


def test_states_survive_their_store() -> None:
    for state in (*STATES.values(), HALF, reached((ReactivateGrant(SEEN, FOUND), OWNER), state=SUSPENDED)):
        document = decode(encode(state_to_json(state)))
        assert isinstance(document, dict)
        assert state_from_json(document, state.review) == state


def test_the_ledgers_facts_of_an_event_are_its_members() -> None:
    (drafted,) = decide(DraftGrant(GRANT), None, AUTHOR, NOW)
    assert (drafted.name, dict(facts(drafted))) == ("GrantDrafted", {"by": "li", "grant": "DEM-0007@3"})
    (signed,) = decide(ApproveGrant(SEEN), SUBMITTED, OWNER, NOW)
    assert dict(facts(signed)) == {"by": "wang", "role": "provider-officer", "digest": SEEN}


def test_events_cannot_follow_on_what_never_was() -> None:
    (drafted,) = decide(DraftGrant(GRANT), None, AUTHOR, NOW)
    with pytest.raises(ValueError, match="once"):
        evolve(DRAFTED, drafted)
    with pytest.raises(ValueError, match="begins"):
        evolve(None, GrantActivated("x", NOW, SEEN))


def test_every_event_has_an_effect_and_a_name_in_the_past_tense() -> None:
    kinds = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.GrantEvent)]
    names = {kind.__name__ for kind in kinds} - {"GrantEvent"}
    assert all(name.startswith("Grant") and name.endswith(("ed", "Signed")) for name in names)
    assert GrantReactivated in kinds


def test_what_begins_later_waits_for_its_time() -> None:
    assert SCHEDULED.status is Status.SCHEDULED
    assert refusal(ActivateGrant(FOUND), APPROVED, EXCHANGE, BEFORE) == "grant.not-begun"
    assert refusal(ActivateGrant(FOUND), SCHEDULED, EXCHANGE, BEFORE) == "grant.not-begun"
    assert refusal(ScheduleGrant(FOUND), APPROVED, EXCHANGE, NOW) == "grant.begun"
    assert reached((ActivateGrant(FOUND), EXCHANGE), state=SCHEDULED).status is Status.ACTIVE
    assert reached((ReturnGrant("too early"), OWNER), state=SCHEDULED, at=BEFORE).signatures == ()


def test_whoever_would_have_to_sign_a_scheduled_grant_when_it_begins_has_signed_it() -> None:
    elsewhere = replace(FOUND, basis="sha256:elsewhere")
    assert refusal(ActivateGrant(elsewhere), SCHEDULED, EXCHANGE) == "grant.basis-changed"
    assert refusal(ActivateGrant(replace(elsewhere, panel=THREE)), SCHEDULED, EXCHANGE) == "grant.basis-changed"
    assert refusal(ActivateGrant(replace(elsewhere, panel=TWO)), APPROVED, EXCHANGE) == "grant.basis-changed"
    broken = replace(elsewhere, panel=TWO, broken=(Text("x", "x"),))
    assert refusal(ActivateGrant(broken), SCHEDULED, EXCHANGE) == "grant.invariant-broken"
    assert reached((ActivateGrant(replace(elsewhere, panel=TWO)), EXCHANGE), state=SCHEDULED).status is Status.ACTIVE


@pytest.mark.parametrize(
    ("change", "suspended", "seats"),
    [
        (ChangeClass.TIGHTENING, (), ONE),
        (ChangeClass.TIGHTENING, TWO, TWO),
        (ChangeClass.EQUIVALENT, THREE, THREE),
        (ChangeClass.WIDENING, THREE, THREE),
    ],
)
def test_whoever_takes_the_place_of_a_suspended_version_is_signed_by_all_who_could_put_that_back(
    change: ChangeClass, suspended: tuple[Role, ...], seats: tuple[Role, ...]
) -> None:
    review = replace(WIDER, examination=replace(WIDER.examination, change=change, reactivates=suspended))
    assert reached((SubmitGrant(review), AUTHOR), state=DRAFTED, at=BEFORE).panel == seats
    assert ReviewPackage.from_json(decode(encode(review.to_json()))) == review
    assert suspended or "reactivates" not in review.to_json()  # signatures given before it was known stay good


def test_while_suspended_every_seat_is_open_again() -> None:
    assert SUSPENDED.awaited == (TWO, ())
    half = reached((ReactivateGrant(SEEN, FOUND), OWNER), state=SUSPENDED)
    assert [one.role for one in half.awaited[1]] == [Role.PROVIDER_OFFICER]
    assert ACTIVE.awaited == (TWO, ACTIVE.signatures)
