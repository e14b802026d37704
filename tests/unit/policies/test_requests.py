"""The life of an access request: every cell of state × role × command, and the rules that no role can bend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import get_args

import pytest

from kernel.canonical import decode, encode
from kernel.text import Text
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.profile import ShareType, Stage
from policies.clocks.run import Run
from policies.grants.lifecycle import decide as decide_grant
from policies.grants.lifecycle import evolve as evolve_grant
from policies.proceedings import NotAllowed
from policies.requests.commands import (
    COMPATIBLE,
    NAMES,
    SEATS,
    TABLE,
    AcceptRequest,
    ApproveRequest,
    Command,
    CommandKind,
    DisputeRequest,
    DraftRequest,
    EscalateRequest,
    FulfilRequest,
    LapseRequest,
    MediateRequest,
    NegotiateRequest,
    OverturnRefusal,
    RefuseRequest,
    ReturnRequest,
    ReviseRequest,
    SubmitRequest,
    UpholdRefusal,
    WithdrawRequest,
    allowed,
)
from policies.requests.conditions import open_to, sees
from policies.requests.content import (
    REFUSALS,
    Assessment,
    Circumstances,
    Content,
    InvalidContent,
    RefusalCode,
)
from policies.requests.document import facts, state_from_json, state_to_json
from policies.requests.escalation import next_due, pending
from policies.requests.events import STATUSES, ProviderNotified, RequestApproved, RequestState, Seat, Status, evolve
from policies.requests.granting import grant_commands, grant_id, request_of
from policies.requests.lifecycle import decide
from policies.roles import Officer, Role
from tests.unit.policies.world import GRANT, grant
from tests.unit.policies.written_tables import NOT_YET, verb, within, written

NOW = datetime(2030, 12, 2, 2, tzinfo=UTC)  # a Monday
CONTENT = Content(grant=GRANT, purpose="scholarship checks")
CONDITIONAL = Circumstances(
    share_type=ShareType.CONDITIONAL,
    sensitivity=2,
    profile="law",
    clocks={
        Stage.FORM_CHECK: 2,
        Stage.PROVIDER_ANSWER: 10,
        Stage.PROVISIONING: 20,
        Stage.DISPUTE_ANSWER: 5,
        Stage.MEDIATION: 10,
        Stage.RULING: 4,
    },
)
UNCONDITIONAL = replace(CONDITIONAL, share_type=ShareType.UNCONDITIONAL)
ASSESSMENT = Assessment(necessity="n", risks="r", measures="m", assessed_on=date(2030, 11, 1), reference="PIA-1")
WEEKENDS_ONLY = WorkingCalendar()

AUTHOR = Officer("li", GRANT.consumer, frozenset({Role.CONSUMER_OFFICER}))
PLANNER = Officer("zhou", "data-office", frozenset({Role.GOVERNANCE_OFFICER}))
CHECKER = Officer("qian", "data-office", frozenset({Role.GOVERNANCE_OFFICER}))
OWNER = Officer("wang", GRANT.provider, frozenset({Role.PROVIDER_OFFICER}))
RULER = Officer("zhao", "data-office", frozenset({Role.GOVERNANCE_APPROVER}))
EXCHANGE = Officer("exchange", "", frozenset({Role.EXCHANGE}))
ACTORS = {
    Role.CONSUMER_OFFICER: AUTHOR,
    Role.GOVERNANCE_OFFICER: CHECKER,
    Role.PROVIDER_OFFICER: OWNER,
    Role.GOVERNANCE_APPROVER: RULER,
    Role.EXCHANGE: EXCHANGE,
}
REFUSE = RefuseRequest(RefusalCode.BEYOND_NEED, "Decree 809", "more than is needed")

ALLOWED = written("""
-              consumer-officer     draft
-              governance-officer   draft

drafted        consumer-officer     revise submit withdraw
drafted        governance-officer   revise submit withdraw

submitted      consumer-officer     withdraw
submitted      governance-officer   return accept
submitted      exchange             escalate

returned       consumer-officer     revise submit withdraw
returned       governance-officer   revise submit withdraw

with-provider  consumer-officer     withdraw
with-provider  provider-officer     approve refuse
with-provider  exchange             escalate

approved       exchange             escalate fulfil lapse

refused        consumer-officer     dispute

disputed       consumer-officer     withdraw
disputed       governance-officer   negotiate
disputed       exchange             escalate

negotiating    consumer-officer     withdraw
negotiating    provider-officer     approve
negotiating    governance-officer   mediate
negotiating    exchange             escalate

mediated       consumer-officer     withdraw
mediated       governance-approver  uphold overturn
mediated       exchange             escalate
""")
"""What is meant. Only the provider refuses, only an approver rules on that, and nobody takes back what was approved."""

Step = tuple[Command, Officer]


def live(*steps: Step, state: RequestState | None = None, at: datetime = NOW) -> RequestState:
    for command, actor in steps:
        for event in decide(command, state, actor, at):
            state = evolve(state, event)
    assert state is not None
    return state


def refusal(command: Command, state: RequestState | None, actor: Officer, at: datetime = NOW) -> str:
    before = None if state is None else state_to_json(state)
    with pytest.raises(NotAllowed) as refused:
        decide(command, state, actor, at)
    assert refused.value.reason.zh
    assert refused.value.reason.en
    assert before is None or (state is not None and state_to_json(state) == before)
    return refused.value.code


def draft(content: Content = CONTENT) -> DraftRequest:
    return DraftRequest("ar_1", content)


DRAFTED = live((draft(), AUTHOR))
SUBMITTED = live((SubmitRequest(CONDITIONAL), AUTHOR), state=DRAFTED)
WITH_PROVIDER = live((AcceptRequest(CONDITIONAL), CHECKER), state=SUBMITTED)
APPROVED = live((ApproveRequest(CONDITIONAL), OWNER), state=WITH_PROVIDER)
REFUSED = live((REFUSE, OWNER), state=WITH_PROVIDER)
DISPUTED = live((DisputeRequest("it is needed"), AUTHOR), state=REFUSED)
NEGOTIATING = live((NegotiateRequest(), CHECKER), state=DISPUTED)
MEDIATED = live((MediateRequest("half of it"), CHECKER), state=NEGOTIATING)
STATES = {
    Status.DRAFTED: DRAFTED,
    Status.SUBMITTED: SUBMITTED,
    Status.RETURNED: live((ReturnRequest("say why"), CHECKER), state=SUBMITTED),
    Status.WITH_PROVIDER: WITH_PROVIDER,
    Status.APPROVED: APPROVED,
    Status.FULFILLED: live((FulfilRequest(), EXCHANGE), state=APPROVED),
    Status.LAPSED: live((LapseRequest(), EXCHANGE), state=APPROVED),
    Status.REFUSED: REFUSED,
    Status.DISPUTED: DISPUTED,
    Status.NEGOTIATING: NEGOTIATING,
    Status.MEDIATED: MEDIATED,
    Status.UPHELD: live((UpholdRefusal("Decree 809"), RULER), state=MEDIATED),
    Status.WITHDRAWN: live((WithdrawRequest(), AUTHOR), state=SUBMITTED),
}
PLANNED = live((draft(), PLANNER))
"""Drafted by a governance officer, for a department among many."""
PLANNED_RETURNED = live((SubmitRequest(CONDITIONAL), PLANNER), (ReturnRequest("say why"), CHECKER), state=PLANNED)
SAMPLES: dict[CommandKind, Command] = {
    DraftRequest: draft(),
    ReviseRequest: ReviseRequest(replace(CONTENT, purpose="other words")),
    SubmitRequest: SubmitRequest(CONDITIONAL),
    ReturnRequest: ReturnRequest("say why"),
    AcceptRequest: AcceptRequest(CONDITIONAL),
    ApproveRequest: ApproveRequest(CONDITIONAL),
    RefuseRequest: REFUSE,
    DisputeRequest: DisputeRequest("it is needed"),
    NegotiateRequest: NegotiateRequest(),
    MediateRequest: MediateRequest("half of it"),
    UpholdRefusal: UpholdRefusal("Decree 809"),
    OverturnRefusal: OverturnRefusal("Decree 809", CONDITIONAL),
    WithdrawRequest: WithdrawRequest(),
    FulfilRequest: FulfilRequest(),
    LapseRequest: LapseRequest(),
    EscalateRequest: EscalateRequest(80, NOW),
}


def setting(status: Status, role: Role, kind: CommandKind) -> tuple[RequestState, Officer]:
    """A state and somebody who holds this role in it; governance officers write only what they drafted themselves."""
    if role is Role.GOVERNANCE_OFFICER and SEATS.get(kind) is Seat.AUTHOR:
        own = {Status.DRAFTED: PLANNED, Status.RETURNED: PLANNED_RETURNED}
        return own.get(status, STATES[status]), PLANNER
    return STATES[status], ACTORS.get(role, Officer("sun", "audit", frozenset({role})))


@pytest.mark.parametrize(("status", "role"), list(product(STATES, Role)))
def test_every_cell_of_the_table(status: Status, role: Role, record_property: Callable[[str, object], None]) -> None:
    """Allowed exactly where it is written above, for an officer of the right organisation."""
    record_property("cases", len(get_args(Command)))
    for kind in get_args(Command):
        state, actor = setting(status, role, kind)
        if within(ALLOWED, status.value, role, kind):
            done(kind, state, actor)
        else:
            expected = "access-request.exists" if kind is DraftRequest else "access-request.not-allowed"
            assert refusal(SAMPLES[kind], state, actor) == expected, kind
            assert NAMES.get(kind) not in open_to(state, actor), kind


def done(kind: CommandKind, state: RequestState, actor: Officer) -> None:
    """The command is among those offered, and every event of it counts."""
    events = decide(SAMPLES[kind], state, actor, NOW)
    after = state
    for event in events:
        after = evolve(after, event)
    assert after.revision == state.revision + len(events), kind
    if kind in NAMES:
        assert NAMES[kind] in open_to(state, actor)


@pytest.mark.parametrize(("role", "kind"), list(product(Role, get_args(Command))))
def test_before_a_request_exists_it_can_only_be_drafted(role: Role, kind: CommandKind) -> None:
    actor = ACTORS.get(role, Officer("sun", "audit", frozenset({role})))
    if kind is not DraftRequest:
        assert refusal(SAMPLES[kind], None, actor) == "access-request.unknown"
    elif within(ALLOWED, NOT_YET, role, DraftRequest):
        assert live((draft(), actor)).status is Status.DRAFTED
    else:
        assert refusal(draft(), None, actor) == "access-request.not-allowed"


def test_the_table_knows_every_state_and_everything_has_words() -> None:
    assert TABLE.keys() == {None, *Status}
    assert STATES.keys() == set(Status) == STATUSES.keys()
    assert {NOT_YET, *(status.value for status in Status)} >= {state for state, _ in ALLOWED}
    assert {verb(kind) for kind in get_args(Command)} == frozenset().union(*ALLOWED.values())
    assert REFUSALS.keys() == set(RefusalCode)
    assert set(get_args(Command)) == {*NAMES, DraftRequest, FulfilRequest, LapseRequest, EscalateRequest}
    for ended in (Status.FULFILLED, Status.LAPSED, Status.UPHELD, Status.WITHDRAWN):
        assert not allowed(ended, Role)
    assert not any(Role.AUDITOR in row for row in TABLE.values())


def seats() -> Iterable[tuple[CommandKind, RequestState, Officer]]:
    """Whoever took a part, in each state, as if they held every role on both sides."""
    for state in STATES.values():
        for _seat, name in state.seats:
            for organisation in (GRANT.consumer, GRANT.provider):
                yield from ((kind, state, Officer(name, organisation, frozenset(Role))) for kind in SEATS)


def test_nobody_sits_on_both_sides_whatever_roles_they_hold() -> None:
    """The seat decides: an author with every role on earth neither checks, approves, mediates nor rules."""
    tried = 0
    for kind, state, actor in seats():
        held = {seat for seat, name in state.seats if name == actor.id}
        opposed = {seat for seat in held - {SEATS[kind]} if frozenset({seat, SEATS[kind]}) not in COMPATIBLE}
        if opposed and kind in allowed(state.status, actor.roles):
            tried += 1
            assert NAMES.get(kind) not in open_to(state, actor)
            assert refusal(SAMPLES[kind], state, actor) in {
                "access-request.other-side",
                "access-request.other-organisation",
            }
    assert tried > 30


@pytest.mark.parametrize(
    ("command", "state", "actor"),
    [
        (draft(), None, replace(AUTHOR, organisation="other")),
        (SubmitRequest(CONDITIONAL), DRAFTED, replace(AUTHOR, organisation="other")),
        (ApproveRequest(CONDITIONAL), WITH_PROVIDER, replace(OWNER, organisation="other")),
        (REFUSE, WITH_PROVIDER, replace(OWNER, organisation=GRANT.consumer)),
        (SubmitRequest(CONDITIONAL), DRAFTED, PLANNER),
    ],
)
def test_officers_of_departments_act_for_their_own(
    command: Command, state: RequestState | None, actor: Officer
) -> None:
    assert refusal(command, state, actor) == "access-request.other-organisation"


@pytest.mark.parametrize("citation", ["", "  ", "x" * 1001])
def test_a_refusal_and_a_ruling_cite_their_rule(citation: str) -> None:
    refuse = replace(REFUSE, citation=citation)
    assert refusal(refuse, WITH_PROVIDER, OWNER) == "access-request.citation-missing"
    for ruling in (UpholdRefusal(citation), OverturnRefusal(citation, CONDITIONAL)):
        assert refusal(ruling, MEDIATED, RULER) == "access-request.citation-missing"


@pytest.mark.parametrize("reason", ["", "\n", "x" * 1001])
def test_reasons_are_given(reason: str) -> None:
    assert refusal(ReturnRequest(reason), SUBMITTED, CHECKER) == "access-request.reason-missing"
    assert refusal(replace(REFUSE, reason=reason), WITH_PROVIDER, OWNER) == "access-request.reason-missing"
    assert refusal(DisputeRequest(reason), REFUSED, AUTHOR) == "access-request.reason-missing"
    assert refusal(MediateRequest(reason), NEGOTIATING, CHECKER) == "access-request.reason-missing"


@pytest.mark.parametrize("state", STATES.values(), ids=[status.value for status in STATES])
def test_a_clock_that_went_back_undoes_nothing(state: RequestState) -> None:
    before = state.changed_at - timedelta(microseconds=1)
    for kind, command in SAMPLES.items():
        for role in Role:
            if within(ALLOWED, state.status.value, role, kind):
                seen, actor = setting(state.status, role, kind)
                assert refusal(command, seen, actor, before) == "access-request.clock-went-back"


def test_what_is_shared_unconditionally_is_granted_by_the_form_check_and_the_provider_is_told() -> None:
    state = live((SubmitRequest(UNCONDITIONAL), AUTHOR), (AcceptRequest(UNCONDITIONAL), CHECKER), state=DRAFTED)
    assert (state.status, state.grant, state.notified) == (Status.APPROVED, GRANT.ref, True)
    events = decide(
        AcceptRequest(UNCONDITIONAL), live((SubmitRequest(UNCONDITIONAL), AUTHOR), state=DRAFTED), CHECKER, NOW
    )
    assert [type(event) for event in events[1:]] == [RequestApproved, ProviderNotified]
    assert not any(seat is Seat.PROVIDER for seat, _name in state.seats)
    assert state.clock is not None
    assert state.clock.stage is Stage.PROVISIONING


def test_what_is_not_shared_is_not_asked_for() -> None:
    never = replace(CONDITIONAL, share_type=ShareType.NOT_SHARED)
    assert refusal(SubmitRequest(never), DRAFTED, AUTHOR) == "access-request.not-shared"


def test_what_became_not_shared_meanwhile_is_neither_let_pass_nor_agreed_to_nor_ruled() -> None:
    never, gone = replace(CONDITIONAL, share_type=ShareType.NOT_SHARED), Text("没有了", "it is gone")
    for found, code in ((never, "not-shared"), (gone, "catalogue-changed")):
        for command, state, actor in (
            (AcceptRequest(found), SUBMITTED, CHECKER),
            (ApproveRequest(found), WITH_PROVIDER, OWNER),
            (ApproveRequest(found), NEGOTIATING, OWNER),
            (OverturnRefusal("Decree 809", found), MEDIATED, RULER),
        ):
            assert refusal(command, state, actor) == f"access-request.{code}"


def test_a_request_goes_on_as_it_is_shared_at_the_form_check() -> None:
    """Its clocks stay those of its submission, unless it is shared in another way by then."""
    waiting = live((SubmitRequest(UNCONDITIONAL), AUTHOR), state=DRAFTED)
    stricter = live((AcceptRequest(CONDITIONAL), CHECKER), state=waiting)
    assert (stricter.status, stricter.circumstances, stricter.notified) == (Status.WITH_PROVIDER, CONDITIONAL, False)
    shorter = replace(CONDITIONAL, clocks={Stage.PROVIDER_ANSWER: 1})
    same = live((AcceptRequest(shorter), CHECKER), state=SUBMITTED)
    assert same.circumstances == CONDITIONAL
    assert same.clock is not None
    assert same.clock.days == 10


def test_what_became_sensitive_meanwhile_goes_back_for_its_assessment() -> None:
    """PIPL art. 55."""
    sensitive = AcceptRequest(replace(CONDITIONAL, sensitivity=3))
    assert refusal(sensitive, SUBMITTED, CHECKER) == "access-request.assessment-due"
    assessed = live((draft(replace(CONTENT, assessment=ASSESSMENT)), AUTHOR), (SubmitRequest(CONDITIONAL), AUTHOR))
    after = live((sensitive, CHECKER), state=assessed)
    assert after.circumstances is not None
    assert (after.status, after.circumstances.sensitivity) == (Status.WITH_PROVIDER, 3)


def test_sensitive_fields_and_passing_on_need_an_assessment() -> None:
    """PIPL art. 55."""
    sensitive = SubmitRequest(replace(CONDITIONAL, sensitivity=3))
    assert refusal(sensitive, DRAFTED, AUTHOR) == "access-request.assessment-missing"
    assessed = live((draft(replace(CONTENT, assessment=ASSESSMENT)), AUTHOR))
    assert live((sensitive, AUTHOR), state=assessed).status is Status.SUBMITTED
    onward = live((draft(replace(CONTENT, onward=True)), AUTHOR))
    assert refusal(SubmitRequest(CONDITIONAL), onward, AUTHOR) == "access-request.assessment-missing"
    early = replace(ASSESSMENT, assessed_on=date(2031, 1, 1))
    future = live((draft(replace(CONTENT, assessment=early)), AUTHOR))
    assert refusal(SubmitRequest(CONDITIONAL), future, AUTHOR) == "access-request.assessment-in-future"


def test_content_that_means_nothing_is_refused() -> None:
    for wrong in (
        lambda: replace(CONTENT, purpose=" "),
        lambda: replace(CONTENT, purpose="x" * 2001),
        lambda: replace(CONTENT, grant=replace(GRANT, consumer=GRANT.provider)),
        lambda: replace(ASSESSMENT, risks=""),
        lambda: replace(ASSESSMENT, measures="x" * 2001),
        lambda: replace(ASSESSMENT, reference=""),
    ):
        with pytest.raises(InvalidContent) as refused:
            wrong()
        assert refused.value.reason.zh
    ended = Content(grant=grant(valid_to=NOW, valid_from=NOW - timedelta(days=30)), purpose="late")
    assert refusal(draft(ended), None, AUTHOR) == "access-request.expired"
    endless = Content(grant=grant(valid_to=GRANT.valid_from.replace(year=2040)), purpose="for ever")
    assert refusal(draft(endless), None, AUTHOR) == "access-request.too-long"
    other = ReviseRequest(replace(CONTENT, grant=replace(GRANT, consumer="other")))
    assert refusal(other, DRAFTED, AUTHOR) == "access-request.other-request"


def test_the_clock_stands_still_while_a_supplement_is_awaited_and_each_step_begins_its_own() -> None:
    day = timedelta(days=1)
    returned = live((ReturnRequest("say why"), CHECKER), state=SUBMITTED, at=NOW + day)
    assert returned.clock is not None
    assert returned.clock.is_paused
    assert next_due(returned, WEEKENDS_ONLY) is None
    again = live((SubmitRequest(CONDITIONAL), AUTHOR), state=returned, at=NOW + 7 * day)
    assert again.clock is not None
    assert SUBMITTED.clock is not None
    assert again.clock.began == SUBMITTED.clock.began
    assert [pause.ended for pause in again.clock.pauses] == [NOW + 7 * day]
    forwarded = live((AcceptRequest(CONDITIONAL), CHECKER), state=again, at=NOW + 8 * day)
    assert forwarded.clock is not None
    assert (forwarded.clock.stage, forwarded.clock.began) == (Stage.PROVIDER_ANSWER, NOW + 8 * day)
    assert REFUSED.clock is None


@pytest.mark.parametrize(
    ("state", "stage", "days"),
    [(DISPUTED, Stage.DISPUTE_ANSWER, 5), (NEGOTIATING, Stage.MEDIATION, 10), (MEDIATED, Stage.RULING, 4)],
)
def test_an_objection_has_a_clock_at_each_step_and_somebody_above_is_told(
    state: RequestState, stage: Stage, days: int
) -> None:
    assert state.clock == Run(stage=stage, days=days, began=NOW)
    long_after = NOW + timedelta(days=60)
    due = pending(state, WEEKENDS_ONLY, long_after)
    late = live(*((command, EXCHANGE) for command in due), state=state, at=long_after)
    assert (late.told, late.status) == ({80, 100}, state.status)
    withdrawn = live((WithdrawRequest(), AUTHOR), state=late, at=long_after)
    assert (withdrawn.clock, withdrawn.told) == (None, frozenset())


def test_an_objection_without_a_rule_for_its_step_has_no_clock_as_before() -> None:
    unruled = replace(CONDITIONAL, clocks={Stage.PROVIDER_ANSWER: 10})
    old = replace(REFUSED, circumstances=unruled)
    for command, actor in ((DisputeRequest("it is needed"), AUTHOR), (NegotiateRequest(), CHECKER)):
        old = live((command, actor), state=old)
        assert old.clock is None
        assert pending(old, WEEKENDS_ONLY, NOW + timedelta(days=60)) == ()


def test_a_supplement_that_asks_for_another_matter_has_the_time_of_that_matter() -> None:
    day = timedelta(days=1)
    returned = live((ReturnRequest("say why"), CHECKER), state=SUBMITTED, at=NOW + day)
    other = replace(CONDITIONAL, clocks={**CONDITIONAL.clocks, Stage.FORM_CHECK: 5})
    again = live((SubmitRequest(other), AUTHOR), state=returned, at=NOW + 7 * day)
    assert again.clock == Run(stage=Stage.FORM_CHECK, days=5, began=NOW + 7 * day)
    assert again.told == frozenset()
    unclocked = replace(CONDITIONAL, clocks={Stage.PROVIDER_ANSWER: 10})
    assert live((SubmitRequest(unclocked), AUTHOR), state=returned, at=NOW + 7 * day).clock is None
    before = live((SubmitRequest(unclocked), AUTHOR), (ReturnRequest("say why"), CHECKER), state=DRAFTED)
    assert live((SubmitRequest(CONDITIONAL), AUTHOR), state=before, at=NOW + day).clock == Run(
        stage=Stage.FORM_CHECK, days=2, began=NOW + day
    )


def test_an_assessment_of_today_is_of_chinas_today() -> None:
    """At 23:30 UTC on the 2nd it is the 3rd in China."""
    late = NOW.replace(hour=23, minute=30)
    for day, is_future in ((date(2030, 12, 3), False), (date(2030, 12, 4), True)):
        assessed = live((draft(replace(CONTENT, assessment=replace(ASSESSMENT, assessed_on=day))), AUTHOR))
        if is_future:
            assert refusal(SubmitRequest(CONDITIONAL), assessed, AUTHOR, late) == "access-request.assessment-in-future"
        else:
            assert live((SubmitRequest(CONDITIONAL), AUTHOR), state=assessed, at=late).status is Status.SUBMITTED


def test_each_instant_is_told_once_and_both_after_an_outage() -> None:
    long_after = NOW + timedelta(days=60)
    first, second = pending(WITH_PROVIDER, WEEKENDS_ONLY, long_after)
    assert (first.percent, second.percent) == (80, 100)
    assert pending(WITH_PROVIDER, WEEKENDS_ONLY, NOW) == ()
    assert refusal(first, WITH_PROVIDER, EXCHANGE) == "access-request.not-due"
    told = live((first, EXCHANGE), state=WITH_PROVIDER, at=long_after)
    assert refusal(first, told, EXCHANGE, long_after) == "access-request.not-due"
    assert pending(told, WEEKENDS_ONLY, long_after) == (second,)
    done = live((second, EXCHANGE), state=told, at=long_after)
    assert next_due(done, WEEKENDS_ONLY) is None
    assert refusal(EscalateRequest(50, NOW), WITH_PROVIDER, EXCHANGE, long_after) == "access-request.not-due"
    late = live((ApproveRequest(CONDITIONAL), OWNER), state=done, at=long_after)
    assert late.told == frozenset()  # the next step has a clock of its own


def test_the_draft_of_the_grant_names_every_author() -> None:
    colleague = replace(AUTHOR, id="wu")
    revised = live((ReviseRequest(CONTENT), colleague), (SubmitRequest(CONDITIONAL), AUTHOR), state=DRAFTED)
    state = None
    for command, author in grant_commands(revised):
        for event in decide_grant(command, state, author, NOW):
            state = evolve_grant(state, event)
    assert state is not None
    assert state.authors == {"li", "wu"}
    planned = live((SubmitRequest(CONDITIONAL), PLANNER), state=PLANNED)
    ((command, author),) = grant_commands(planned)
    assert decide_grant(command, None, author, NOW)
    name = "ar_01J8Z3V9Q4M6W7X8Y9Z0A1B2C3"
    assert request_of(grant_id(name)) == name
    assert request_of("RESTAURANT-IDENTITY") is None
    assert request_of("AR-1") is None


def test_who_may_read_it() -> None:
    auditor = Officer("sun", "audit", frozenset({Role.AUDITOR}))
    stranger = Officer("he", "elsewhere", frozenset({Role.PROVIDER_OFFICER, Role.CONSUMER_OFFICER}))
    for state in STATES.values():
        assert sees(state, AUTHOR)
        assert sees(state, CHECKER)
        assert sees(state, auditor)
        assert not sees(state, stranger)
    assert not sees(SUBMITTED, OWNER)
    assert sees(WITH_PROVIDER, OWNER)


@pytest.mark.parametrize("state", [*STATES.values(), PLANNED_RETURNED])
def test_a_state_survives_the_store(state: RequestState) -> None:
    assessed = replace(state, content=replace(CONTENT, assessment=ASSESSMENT))
    for each in (state, assessed):
        document = decode(encode(state_to_json(each)))
        assert isinstance(document, dict)
        assert state_from_json(document) == each


def test_the_log_gets_codes_and_a_digest_and_no_words_about_people() -> None:
    (event,) = decide(draft(), None, AUTHOR, NOW)
    assert set(facts(event)) == {"by", "role", "request", "consumer", "provider", "evidence_type", "digest", "parent"}
    (event,) = decide(SubmitRequest(CONDITIONAL), DRAFTED, AUTHOR, NOW)
    assert facts(event)["circumstances"] == {
        "share_type": "conditional",
        "sensitivity": 2,
        "profile": "law",
        "clocks": {
            "form-check": 2,
            "provider-answer": 10,
            "provisioning": 20,
            "dispute-answer": 5,
            "mediation": 10,
            "ruling": 4,
        },
    }
    encode(facts(event))


def test_events_cannot_be_told_in_another_order() -> None:
    (event,) = decide(draft(), None, AUTHOR, NOW)
    with pytest.raises(ValueError, match="once"):
        evolve(DRAFTED, event)
    (event,) = decide(WithdrawRequest(), SUBMITTED, AUTHOR, NOW)
    with pytest.raises(ValueError, match="draft"):
        evolve(None, event)
