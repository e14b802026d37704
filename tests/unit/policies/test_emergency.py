"""The life of an opening: every cell of state × role × command, and what no role can bend; templates as grants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.canonical import decode, encode
from kernel.text import Text
from policies import both_engines, explain, guards, schema
from policies.analysis.change import Proposal, classify, examine
from policies.clocks.calendar import WorkingCalendar
from policies.decision import Deny, Permit
from policies.emergency.commands import (
    NAMES,
    TABLE,
    AskEmergency,
    Circumstances,
    CloseEmergency,
    Command,
    CommandKind,
    DeclineEmergency,
    ExpireEmergency,
    OpenEmergency,
    ReviewEmergency,
    TellOverdue,
)
from policies.emergency.document import facts, state_from_json, state_to_json
from policies.emergency.lifecycle import REVIEW_DAYS, WAITS, decide, is_overdue, open_to, review_due, sees
from policies.emergency.opening import FINDINGS, STATUSES, Asked, EmergencyState, Finding, Status, evolve
from policies.grants.differences import Direction, differences
from policies.grants.document import digest, grant_from_json, grant_to_json
from policies.grants.grant import Grant
from policies.grants.review import ChangeClass
from policies.grants.routing import THREE, panel, sensitive
from policies.grants.sentence import as_code, sentence
from policies.grants.terms import LONGEST_DELAY, EmergencyUse, InvalidGrant, NoticeDelay
from policies.grants.unused import unused
from policies.hierarchy import Hierarchy
from policies.index import PolicyImage
from policies.model import Action, BasisKind, Opening, SystemPrincipal
from policies.proceedings import NotAllowed
from policies.proceedings import open_to as allowed
from policies.recorded import Asked as LoggedAsked
from policies.recorded import Retrial, asked, verdict
from policies.reference import Judge
from policies.roles import Officer, Role
from tests.unit.policies.world import NOW as REQUESTED
from tests.unit.policies.world import REGISTRY, grant, image, request

NOW = datetime(2030, 12, 6, 2, tzinfo=UTC)  # a Friday
STATUTE = Text("演示规定第九条", "Demonstration Rules s.9")
DELAY = NoticeDelay(30, STATUTE)
FREE = Circumstances(in_force=True)
WHAT = Asked(
    template="DEM-0007@3",
    consumer="social-welfare",
    provider="revenue",
    case="case_1",
    reason="演示",
    minutes=90,
    delay=DELAY,
)
ASKER = Officer("shen", "social-welfare", frozenset({Role.CONSUMER_OFFICER, Role.SPONSOR}))
OPENER = Officer("lin", "social-welfare", frozenset({Role.SPONSOR}))
REVIEWER = Officer("du", "data-office", frozenset({Role.DATA_PROTECTION_OFFICER}))
EXCHANGE = Officer("exchange", "", frozenset({Role.EXCHANGE}))
WEEKENDS_ONLY = WorkingCalendar()
COMMANDS: dict[CommandKind, Command] = {
    AskEmergency: AskEmergency("em_1", WHAT, FREE),
    OpenEmergency: OpenEmergency(FREE),
    DeclineEmergency: DeclineEmergency("演示"),
    CloseEmergency: CloseEmergency("演示"),
    ExpireEmergency: ExpireEmergency(),
    TellOverdue: TellOverdue(NOW),
    ReviewEmergency: ReviewEmergency(Finding.JUSTIFIED, "演示"),
}


def step(state: EmergencyState | None, command: Command, actor: Officer, at: datetime) -> EmergencyState:
    (event,) = decide(command, state, actor, at)
    assert encode(facts(event))
    return evolve(state, event)


def states() -> dict[Status, EmergencyState]:
    """One opening in every state, each reached by commands."""
    waiting = step(None, COMMANDS[AskEmergency], ASKER, NOW)
    opened = step(waiting, OpenEmergency(FREE), OPENER, NOW)
    ended = step(opened, CloseEmergency("演示"), OPENER, NOW)
    return {
        Status.ASKED: waiting,
        Status.OPEN: opened,
        Status.ENDED: ended,
        Status.REVIEWED: step(ended, COMMANDS[ReviewEmergency], REVIEWER, NOW),
        Status.DECLINED: step(waiting, DeclineEmergency("演示"), OPENER, NOW),
        Status.LAPSED: step(waiting, ExpireEmergency(), EXCHANGE, NOW + WAITS),
    }


STATES = states()


def officer_of(role: Role) -> Officer:
    """Somebody who had no part in it yet, of the department in which the role counts."""
    own = {Role.CONSUMER_OFFICER: WHAT.consumer, Role.SPONSOR: WHAT.consumer, Role.PROVIDER_OFFICER: WHAT.provider}
    return Officer(f"new-{role}", own.get(role, "data-office"), frozenset({role}))


@pytest.mark.parametrize(("status", "role"), [*product((None, *Status), Role)])
def test_every_cell_of_the_table(
    status: Status | None, role: Role, record_property: Callable[[str, object], None]
) -> None:
    record_property("cases", len(get_args(Command)))
    state = None if status is None else STATES[status]
    for kind in get_args(Command):
        late = NOW + WAITS + timedelta(days=9) if kind is ExpireEmergency else NOW
        at = max(late, state.changed_at) if state else late
        wanted = kind in TABLE[status].get(role, ())
        assert (kind in allowed(TABLE[status], (role,))) == wanted, kind
        if not wanted:
            impossible = {"emergency.not-allowed", "emergency.unknown", "emergency.exists"}
            assert refusal_of(COMMANDS[kind], state, officer_of(role), at) in impossible, kind
            continue
        assert len(decide(COMMANDS[kind], state, officer_of(role), at)) == 1, kind
        if kind in NAMES and state is not None:
            assert NAMES[kind] in open_to(state, officer_of(role))


def refusal_of(command: Command, state: EmergencyState | None, actor: Officer, at: datetime = NOW) -> str:
    with pytest.raises(NotAllowed) as refused:
        decide(command, state, actor, at)
    return refused.value.code


def test_two_persons_open_and_a_third_reviews() -> None:
    assert refusal_of(OpenEmergency(FREE), STATES[Status.ASKED], ASKER) == "emergency.same-person"
    assert "open" not in open_to(STATES[Status.ASKED], ASKER)
    assert "open" in open_to(STATES[Status.ASKED], OPENER)
    review = COMMANDS[ReviewEmergency]
    for part in (ASKER, OPENER):
        moved = Officer(part.id, "data-office", frozenset({Role.GOVERNANCE_OFFICER}))
        assert refusal_of(review, STATES[Status.ENDED], moved) == "emergency.not-independent"
    own = replace(REVIEWER, organisation="social-welfare")
    assert refusal_of(review, STATES[Status.ENDED], own) == "emergency.not-independent"
    elsewhere = replace(OPENER, organisation="revenue")
    assert refusal_of(OpenEmergency(FREE), STATES[Status.ASKED], elsewhere) == "emergency.other-organisation"
    assert refusal_of(COMMANDS[AskEmergency], None, elsewhere) == "emergency.other-organisation"


def test_an_opening_lasts_as_the_template_says_and_never_four_hours_and_a_minute() -> None:
    assert STATES[Status.OPEN].ends == NOW + timedelta(minutes=90)
    longer = replace(STATES[Status.ASKED], asked=replace(WHAT, minutes=10_000))
    assert step(longer, OpenEmergency(FREE), OPENER, NOW).ends == NOW + timedelta(hours=4)
    early = NOW + timedelta(minutes=89)
    assert refusal_of(ExpireEmergency(), STATES[Status.OPEN], EXCHANGE, early) == "emergency.not-over"
    assert STATES[Status.OPEN].opening is not None
    assert all(state.opening is None for status, state in STATES.items() if status is not Status.OPEN)


def test_what_stands_against_an_opening() -> None:
    overdue, ended = Circumstances(True, ("em_0",)), Circumstances(False)
    for circumstances, code in ((overdue, "review-overdue"), (ended, "template-not-in-force")):
        wanted = f"emergency.{code}"
        assert refusal_of(AskEmergency("em_1", WHAT, circumstances), None, ASKER) == wanted
        assert refusal_of(OpenEmergency(circumstances), STATES[Status.ASKED], OPENER) == wanted
    late = NOW + WAITS
    assert refusal_of(OpenEmergency(FREE), STATES[Status.ASKED], OPENER, late) == "emergency.lapsed"
    before = NOW - timedelta(milliseconds=1)
    for state, command, actor in (
        (STATES[Status.ASKED], OpenEmergency(FREE), OPENER),
        (STATES[Status.OPEN], CloseEmergency("演示"), OPENER),
        (STATES[Status.ENDED], COMMANDS[ReviewEmergency], REVIEWER),
    ):
        assert refusal_of(command, state, actor, before) == "emergency.clock-went-back"
    for empty in (DeclineEmergency(" "), DeclineEmergency("x" * 1001)):
        assert refusal_of(empty, STATES[Status.ASKED], OPENER) == "emergency.reason-missing"
    silent = AskEmergency("em_1", replace(WHAT, reason=""), FREE)
    assert refusal_of(silent, None, ASKER) == "emergency.reason-missing"


def test_a_review_is_due_at_the_end_of_the_third_working_day() -> None:
    opened, holiday = STATES[Status.OPEN], WorkingCalendar(holidays=frozenset({date(2030, 12, 9)}))
    due = review_due(opened, WEEKENDS_ONLY)  # opened on a Friday: Monday, Tuesday, Wednesday
    assert due == datetime(2030, 12, 11, 16, tzinfo=UTC)
    assert review_due(opened, holiday) == due + timedelta(days=1)
    assert REVIEW_DAYS == 3
    assert review_due(STATES[Status.ASKED], WEEKENDS_ONLY) is None
    for status, waits in ((Status.OPEN, True), (Status.ENDED, True), (Status.REVIEWED, False), (Status.LAPSED, False)):
        assert is_overdue(STATES[status], WEEKENDS_ONLY, due) == waits
        assert not is_overdue(STATES[status], WEEKENDS_ONLY, due - timedelta(milliseconds=1))
    told = step(STATES[Status.ENDED], TellOverdue(due), EXCHANGE, due)
    assert refusal_of(TellOverdue(due), told, EXCHANGE, due) == "emergency.not-due"
    assert refusal_of(TellOverdue(due), STATES[Status.ENDED], EXCHANGE) == "emergency.not-due"


def test_documents_lose_nothing_and_everything_has_words() -> None:
    for state in STATES.values():
        written = decode(encode(state_to_json(state)))
        assert isinstance(written, dict)
        assert state_from_json(written) == state
    undelayed = replace(STATES[Status.OPEN], asked=replace(WHAT, delay=None))
    assert state_from_json(state_to_json(undelayed)) == undelayed
    assert STATUSES.keys() == set(Status)
    assert FINDINGS.keys() == set(Finding)
    for reader, seen in ((ASKER, True), (REVIEWER, True), (replace(ASKER, organisation="elsewhere"), False)):
        assert sees(STATES[Status.OPEN], reader) == seen


# Templates ------------------------------------------------------------------------------------------------------------

USE = EmergencyUse(90, DELAY)
TEMPLATE = grant(legal_basis="act-9", basis_kind=BasisKind.STATUTORY, absent_allowed=True, emergency=USE)
OPENING = Opening(id="em_1", template=TEMPLATE.ref, opened=REQUESTED, ends=REQUESTED + timedelta(minutes=90))


def named(**changes: Any) -> Any:
    """A request that names the opening."""
    usual = {"legal_basis": "act-9", "consent": None, "action": Action.OBTAIN_EMERGENCY, "emergency": OPENING}
    return request(**(usual | changes))


def both(asked_: Any, *grants: Any) -> Permit | Deny:
    """The decision of the two engines together, once each was seen to agree."""
    policies = image(*(grants or (TEMPLATE,)))
    assert isinstance(policies.decide(asked_), Permit) == isinstance(Judge(policies).judge(asked_), Permit)
    return both_engines.decide(policies, asked_)


def test_a_template_lets_out_what_it_names_while_it_is_open() -> None:
    permit = both(named())
    assert isinstance(permit, Permit)
    assert (permit.grants, permit.release.keys()) == ((TEMPLATE.ref,), {"full_name", "income_band"})
    over = replace(OPENING, ends=REQUESTED)
    refusals = {
        "policy.emergency-over": ({"emergency": over}, {"emergency": None}, {"now": REQUESTED - timedelta(seconds=1)}),
        "policy.emergency-not-open": ({"emergency": replace(OPENING, template="DEM-0007@2")},),
        "policy.field-not-granted": ({"fields": frozenset({"address"})},),
        "policy.nothing-asked": ({"fields": frozenset()},),
        "policy.system-suspended": ({"system": SystemPrincipal("scholarship-portal", "social-welfare", "suspended")},),
        "policy.no-grant": ({"action": Action.OBTAIN}, {"action": Action.OBTAIN, "emergency": None}),
        "policy.engine-error": ({"emergency": "em_1"}, {"emergency": replace(OPENING, ends="later")}),
    }
    for code, changes in refusals.items():
        for change in changes:
            refused = both(named(**change))
            assert isinstance(refused, Deny)
            assert refused.code == code, change


def test_an_ordinary_grant_gives_nothing_for_an_emergency() -> None:
    ordinary = replace(TEMPLATE, emergency=None)
    assert isinstance(image(ordinary).decide(request(legal_basis="act-9", consent=None)), Permit)
    refused = both(named(), ordinary)
    assert isinstance(refused, Deny)
    assert refused.code == "policy.no-grant"


def test_P1_engines_that_disagree_or_fail_release_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    policies, asked_ = image(TEMPLATE), named()
    denied = Deny(code="policy.no-grant", clauses=(explain.NO_GRANT,), grants=(), epoch=7)
    monkeypatch.setattr(Judge, "judge", lambda _self, _request: denied)
    refused = both_engines.decide(policies, asked_)
    assert isinstance(refused, Deny)
    assert refused.clauses == (explain.ENGINES_DISAGREE,)

    def fails(_self: Judge, _request: Any) -> Deny:
        raise RuntimeError

    monkeypatch.setattr(Judge, "judge", fails)
    broken = both_engines.decide(policies, asked_)
    assert isinstance(broken, Deny)
    assert broken.clauses[0].id == "ENGINE#RuntimeError"


def test_a_logged_emergency_is_decided_again_to_the_millisecond() -> None:
    policies, logged = image(TEMPLATE), named()
    text, ends = asked(logged), OPENING.ends
    assert LoggedAsked(text).at(logged.now, None, None) == logged
    retrial, micros = Retrial(policies), int(ends.timestamp() * 1_000_000)
    last, after = (retrial.verdict(text, micros - less, None, None) for less in (1_000, 0))
    assert last == verdict(policies.decide(replace(logged, now=ends - timedelta(milliseconds=1))))
    assert after != last


def test_templates_are_bounded_and_lose_nothing() -> None:
    for wrong in (
        EmergencyUse(0),
        EmergencyUse(241),
        EmergencyUse(True),
        EmergencyUse(60, NoticeDelay(0, STATUTE)),
        EmergencyUse(60, NoticeDelay(61, STATUTE)),
        EmergencyUse(60, NoticeDelay(9, Text("", "s.9"))),
    ):
        with pytest.raises(InvalidGrant):
            replace(TEMPLATE, emergency=wrong)
    with pytest.raises(InvalidGrant):
        grant(emergency=USE)  # rests on consent
    for use in (USE, EmergencyUse(240)):
        one = replace(TEMPLATE, emergency=use)
        assert grant_from_json(decode(encode(grant_to_json(one)))) == one
    for spoiled in ({"minutes": 9, "more": 1}, {"minutes": 9, "notice_delay": {"days": 9}}, 7, {}):
        with pytest.raises(InvalidGrant):
            grant_from_json(grant_to_json(TEMPLATE) | {"emergency": spoiled})
    assert "90 minutes" in sentence(TEMPLATE).en
    assert "obtainEmergency" not in schema.text(frozenset({"emergency?"}))
    assert digest(TEMPLATE) != digest(replace(TEMPLATE, emergency=EmergencyUse(91, DELAY)))


def test_what_differs_between_templates_is_said_with_its_direction() -> None:
    above = Hierarchy.of(REGISTRY).above
    for old, new, direction in (
        (None, USE, Direction.BOTH),
        (USE, None, Direction.BOTH),
        (EmergencyUse(60), EmergencyUse(90), Direction.WIDER),
        (EmergencyUse(90), EmergencyUse(60), Direction.NARROWER),
        (EmergencyUse(90), USE, Direction.WIDER),
        (USE, EmergencyUse(90), Direction.NARROWER),
        (USE, delayed(DELAY.days - 1), Direction.NARROWER),
        (USE, delayed(DELAY.days + 1), Direction.WIDER),
        (USE, replace(USE, delay=NoticeDelay(DELAY.days, Text("另一规定", "another rule"))), Direction.NEITHER),
    ):
        before, after = (replace(TEMPLATE, emergency=use) for use in (old, new))
        assert [one.direction for one in differences(before, after, above, as_code)] == [direction]


def delayed(days: int) -> EmergencyUse:
    return replace(USE, delay=NoticeDelay(days, DELAY.statute))


@given(st.one_of(st.none(), st.integers(1, LONGEST_DELAY)), st.one_of(st.none(), st.integers(1, LONGEST_DELAY)))
@settings(deadline=None)
def test_the_sooner_the_person_is_told_the_tighter_whatever_the_days(old: int | None, new: int | None) -> None:
    before, after = (with_delay(number, days) for number, days in ((1, old), (2, new)))
    above = Hierarchy.of(REGISTRY).above
    there, back = (tuple(differences(*pair, above, as_code)) for pair in ((before, after), (after, before)))
    assert [one.direction for one in there] == [_OPPOSITE[one.direction] for one in back]
    more, less = (new or 0) > (old or 0), (new or 0) < (old or 0)
    by_days = {(True, False): ChangeClass.WIDENING, (False, True): ChangeClass.TIGHTENING}
    assert classify((), there) is by_days.get((more, less), ChangeClass.EQUIVALENT)


def test_the_solver_sees_no_notice_so_the_class_of_a_delay_is_that_of_its_words() -> None:
    """An opening names a version, so two versions of a template never permit the same: that does not depend on days."""

    def examined(old: int | None, new: int | None) -> Any:
        proposal = Proposal(grant=with_delay(2, new), active=(with_delay(1, old),), registry=REGISTRY, at=REQUESTED)
        return examine(proposal)

    same, sooner, later = examined(9, 9), examined(9, 3), examined(3, 9)
    assert same.shown["findings"] == sooner.shown["findings"] == later.shown["findings"]
    assert [one["direction"] for one in sooner.shown["differences"]] == ["narrower"]
    assert [one["direction"] for one in later.shown["differences"]] == ["wider"]


def with_delay(version: int, days: int | None) -> Grant:
    return replace(TEMPLATE, version=version, emergency=replace(USE, delay=None) if days is None else delayed(days))


_OPPOSITE = {Direction.WIDER: Direction.NARROWER, Direction.NARROWER: Direction.WIDER}


def test_the_whole_panel_signs_a_template_and_nobody_calls_it_unused() -> None:
    proposal = Proposal(grant=TEMPLATE, active=(), registry=REGISTRY, at=REQUESTED)
    found = examine(proposal)
    assert panel(found.change, found.sensitive) == THREE
    assert found.change is ChangeClass.WIDENING
    ordinary = replace(TEMPLATE, version=4, emergency=None)
    freed = examine(Proposal(grant=ordinary, active=(TEMPLATE,), registry=REGISTRY, at=REQUESTED))
    assert (panel(freed.change, freed.sensitive), freed.change) == (THREE, ChangeClass.INCOMPARABLE)
    # A right that a template gives is none that an ordinary grant could lean on.
    named_otherwise, beside = replace(ordinary, id="DEM-0008"), replace(ordinary, id="DEM-0009", min_loa=3)
    assert sensitive(named_otherwise, (), (TEMPLATE,), REGISTRY) == ()
    assert sensitive(named_otherwise, (), (beside,), REGISTRY) == sensitive(
        named_otherwise, (), (beside, TEMPLATE), REGISTRY
    )
    assert sensitive(named_otherwise, (), (beside,), REGISTRY) != ()
    year = timedelta(days=365)
    assert unused([(TEMPLATE, REQUESTED - year)], {}, REQUESTED, timedelta(days=90)) == ()
    assert PolicyImage.build((TEMPLATE,), REGISTRY, 1, guards.GUARDS).members() == (TEMPLATE,)
