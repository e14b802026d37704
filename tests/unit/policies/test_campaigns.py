"""Recertification: every cell of both tables, what is refused and why, and two laws over random campaigns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.text import Text
from policies.campaigns.commands import (
    CAMPAIGN_TABLE,
    ITEM_TABLE,
    AnswerItem,
    CallOffCampaign,
    CampaignCommand,
    CloseCampaign,
    ItemCommand,
    LapseItem,
    OpenCampaign,
    RemindCampaign,
)
from policies.campaigns.events import (
    ANSWERS,
    ITEM_STATUSES,
    STATUSES,
    Answer,
    CampaignItemAnswered,
    CampaignState,
    ItemState,
    ItemStatus,
    Status,
    evolve_item,
)
from policies.campaigns.lifecycle import (
    MOST_ITEMS,
    decide,
    decide_item,
    due_reminders,
    evolve,
    falls,
    is_over,
    items_of,
    may_answer,
)
from policies.campaigns.selection import Selection, chosen, in_force_since
from policies.clocks.calendar import CalendarTable, WorkingCalendar
from policies.clocks.profile import Stage
from policies.clocks.run import Run, deadline
from policies.grants.commands import ExpireGrant, RevokeGrant
from policies.grants.events import GrantState, Signature
from policies.grants.events import Status as GrantStatus
from policies.grants.lifecycle import decide as decide_grant
from policies.grants.lifecycle import evolve as evolve_grant
from policies.grants.routing import OFFICE
from policies.proceedings import NotAllowed
from policies.roles import Officer, Role
from tests.cases import sized
from tests.unit.policies.world import GRANT

NOW = GRANT.valid_from + timedelta(days=100)
CALENDAR = WorkingCalendar()
ACTIVE = GrantState(
    grant=GRANT, status=GrantStatus.ACTIVE, authors=frozenset({"li"}), changed_at=GRANT.valid_from, digest="sha256:0"
)
GOVERNOR = Officer("qian", "data-office", frozenset({Role.GOVERNANCE_OFFICER}))
APPROVER = Officer("zhao", "data-office", frozenset({Role.GOVERNANCE_APPROVER}))
OWNER = Officer("wang", GRANT.provider, frozenset({Role.PROVIDER_OFFICER}))
EXCHANGE = Officer("exchange", "", frozenset({Role.EXCHANGE}))
OPEN = OpenCampaign("camp_1", "年度复核", Selection(), 10, (ACTIVE,))


def opened(days: int = 10) -> CampaignState:
    return evolve(None, decide(replace(OPEN, days=days), None, GOVERNOR, NOW, CALENDAR))


def nothing_earlier(_grant: str) -> tuple[GrantState, ...]:
    return ()


def item_in(status: ItemStatus) -> ItemState:
    return replace(items_of("camp_1", (ACTIVE,), NOW)[0], status=status)


def actor(role: Role, organisation: str = GRANT.provider) -> Officer:
    return Officer("somebody", organisation, frozenset({role}))


def end_of(state: CampaignState) -> datetime:
    ends = deadline(state.clock, CALENDAR)
    assert ends is not None
    return ends


CAMPAIGN_COMMANDS: tuple[tuple[CampaignCommand, str], ...] = (
    (OPEN, "early"),
    (CallOffCampaign("误发起"), "early"),
    (RemindCampaign(80), "late"),
    (CloseCampaign(0), "over"),
)


@pytest.mark.parametrize(("status", "role"), list(product((None, *Status), Role)))
def test_every_cell_of_the_table_of_campaigns(
    status: Status | None, role: Role, record_property: Callable[[str, object], None]
) -> None:
    record_property("cases", len(CAMPAIGN_COMMANDS))
    state = None if status is None else replace(opened(), status=status)
    for command, when in CAMPAIGN_COMMANDS:
        ends = end_of(opened())
        now = {"early": NOW, "late": ends - timedelta(hours=1), "over": ends}[when]
        open_ = type(command) in CAMPAIGN_TABLE[status].get(role, frozenset())
        if not open_:
            with pytest.raises(NotAllowed) as refused:
                decide(command, state, actor(role), now, CALENDAR)
            assert refused.value.code == "campaign.not-allowed"
        else:
            after = evolve(state, decide(command, state, actor(role), now, CALENDAR))
            assert state is None or after.revision == state.revision + 1


@pytest.mark.parametrize(("status", "role"), list(product(ItemStatus, Role)))
def test_every_cell_of_the_table_of_items(
    status: ItemStatus, role: Role, record_property: Callable[[str, object], None]
) -> None:
    record_property("cases", 2)
    state, campaign = item_in(status), opened()
    answer, lapse = AnswerItem(Answer.KEEP, "仍需使用", living=True), LapseItem(living=True)
    cells: tuple[tuple[ItemCommand, datetime], ...] = ((answer, NOW), (lapse, end_of(campaign)))
    for command, now in cells:
        if type(command) in ITEM_TABLE[status].get(role, frozenset()):
            after = evolve_item(state, decide_item(command, state, campaign, actor(role), now, CALENDAR))
            assert after.status is (ItemStatus.KEPT if command is answer else ItemStatus.LAPSED)
        else:
            with pytest.raises(NotAllowed) as refused:
                decide_item(command, state, campaign, actor(role), now, CALENDAR)
            assert refused.value.code == "campaign-item.not-allowed"
    assert may_answer(state, campaign, actor(role), over=False) is (
        AnswerItem in ITEM_TABLE[status].get(role, frozenset())
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": "  "}, "title-missing"),
        ({"title": "长" * 201}, "title-missing"),
        ({"days": 4}, "days"),
        ({"days": 121}, "days"),
        ({"grants": ()}, "nothing-chosen"),
        ({"grants": (ACTIVE,) * (MOST_ITEMS + 1)}, "too-many"),
        ({"grants": (replace(ACTIVE, status=GrantStatus.SUSPENDED),)}, "not-chosen"),
        ({"selection": Selection(provider="another")}, "not-chosen"),
    ],
)
def test_a_campaign_that_is_none_is_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        decide(replace(OPEN, **change), None, GOVERNOR, NOW, CALENDAR)  # type: ignore[arg-type]
    assert refused.value.code == f"campaign.{code}"


def test_an_answer_comes_in_time_from_the_department_that_provides_with_words() -> None:
    state, campaign = item_in(ItemStatus.WAITING), opened()

    def refused(command: AnswerItem, who: Officer = OWNER, now: datetime = NOW, which: CampaignState = campaign) -> str:
        with pytest.raises(NotAllowed) as told:
            decide_item(command, state, which, who, now, CALENDAR)
        return told.value.code

    keep = AnswerItem(Answer.KEEP, "仍需使用", living=True)
    last = end_of(campaign)
    assert decide_item(keep, state, campaign, OWNER, last - timedelta(microseconds=1), CALENDAR)
    assert refused(keep, now=last) == "campaign.over"
    assert refused(keep, replace(OWNER, organisation="another")) == "campaign-item.other-organisation"
    assert refused(replace(keep, words=" ")) == "campaign-item.reason-missing"
    assert refused(replace(keep, living=False)) == "campaign-item.grant-ended"
    assert refused(keep, now=NOW - timedelta(days=1)) == "campaign-item.clock-went-back"
    assert refused(keep, which=replace(campaign, status=Status.CALLED_OFF)) == "campaign-item.not-allowed"


def test_nothing_lapses_or_closes_before_its_time_and_nothing_is_called_off_after_it() -> None:
    state, campaign = item_in(ItemStatus.WAITING), opened()
    ends = end_of(campaign)
    early = ends - timedelta(microseconds=1)
    with pytest.raises(NotAllowed, match="not-over"):
        decide_item(LapseItem(living=True), state, campaign, EXCHANGE, early, CALENDAR)
    for command, now in ((CloseCampaign(0), early), (CloseCampaign(1), ends)):
        with pytest.raises(NotAllowed, match="not-over"):
            decide(command, campaign, EXCHANGE, now, CALENDAR)
    with pytest.raises(NotAllowed, match=r"campaign\.over"):
        decide(CallOffCampaign("误发起"), campaign, APPROVER, ends, CALENDAR)
    with pytest.raises(NotAllowed, match="reason-missing"):
        decide(CallOffCampaign(""), campaign, APPROVER, NOW, CALENDAR)
    for now in (NOW, ends):
        with pytest.raises(NotAllowed, match="not-due"):
            decide(RemindCampaign(50), campaign, EXCHANGE, now, CALENDAR)
    settled = evolve_item(state, decide_item(LapseItem(living=False), state, campaign, EXCHANGE, ends, CALENDAR))
    assert settled.status is ItemStatus.SETTLED


def test_working_days_count_and_each_reminder_is_due_once() -> None:
    began = datetime(2026, 9, 24, 2, tzinfo=UTC)  # a Thursday before the National Day holidays
    campaign = replace(opened(5), clock=Run(stage=Stage.RECERTIFICATION, days=5, began=began), changed_at=began)
    free = frozenset(datetime(2026, 10, day, tzinfo=UTC).date() for day in range(1, 8))
    table = CalendarTable(year=2026, effective_from=began.date(), citation=Text("演示", "sample"), holidays=free)
    holidays = WorkingCalendar.of([table], began.date())
    plain, longer = deadline(campaign.clock, CALENDAR), deadline(campaign.clock, holidays)
    assert plain is not None
    assert longer is not None
    assert longer - plain == timedelta(days=7)
    assert due_reminders(campaign, CALENDAR, began) == ()
    assert due_reminders(campaign, CALENDAR, plain) == (50, 80)
    told = evolve(campaign, decide(RemindCampaign(80), campaign, EXCHANGE, plain - timedelta(hours=1), CALENDAR))
    assert due_reminders(told, CALENDAR, plain) == ()


def test_a_selection_narrows_by_each_of_its_parts() -> None:
    own = Selection(provider=GRANT.provider, consumer=GRANT.consumer, evidence_type=GRANT.evidence_type)
    assert chosen(replace(own, in_force_days=100), [ACTIVE], nothing_earlier, NOW) == (ACTIVE,)
    for change in (
        {"provider": "x"},
        {"consumer": "x"},
        {"evidence_type": "x"},
        {"in_force_days": 101},
    ):
        assert chosen(replace(own, **change), [ACTIVE], nothing_earlier, NOW) == ()  # type: ignore[arg-type]
    assert chosen(own, [ACTIVE], nothing_earlier, GRANT.valid_to) == ()


def test_a_newer_version_that_the_provider_signed_is_its_answer_one_that_went_past_it_is_none() -> None:
    newer = replace(ACTIVE, grant=replace(GRANT, version=GRANT.version + 1))
    signed = replace(newer, signatures=(Signature("wang", Role.PROVIDER_OFFICER, "sha256:1", NOW),))
    passed = replace(newer, signatures=(Signature("zhao", Role.GOVERNANCE_APPROVER, "sha256:1", NOW),))
    item = item_in(ItemStatus.WAITING)
    assert falls(item, [ACTIVE]) == (ACTIVE,)
    assert falls(item, [signed]) == ()
    assert falls(item, [passed]) == (passed,)


def version(number: int, signed_after: int, *roles: Role, status: GrantStatus = GrantStatus.SUPERSEDED) -> GrantState:
    at = GRANT.valid_from + timedelta(days=signed_after)
    signatures = tuple(Signature(role.value, role, "sha256:1", at) for role in roles)
    grant = replace(GRANT, version=number, valid_from=at)
    return replace(ACTIVE, grant=grant, status=status, signatures=signatures, changed_at=at + timedelta(days=1))


BOTH, ALONE = (Role.PROVIDER_OFFICER, Role.GOVERNANCE_APPROVER), (Role.GOVERNANCE_APPROVER,)


@pytest.mark.parametrize(
    ("earlier", "signers", "days"),
    [
        ([], BOTH, 9),
        ([version(1, 0, *BOTH)], BOTH, 9),  # the provider has looked again
        ([version(1, 0, *BOTH)], ALONE, 100),  # what went past them begins no new time
        ([version(1, 0, *BOTH), version(2, 40, *BOTH)], ALONE, 60),
        ([version(1, 0, *BOTH), version(2, 40, *ALONE)], ALONE, 100),
        ([version(1, 30, *ALONE), version(2, 40, *ALONE)], ALONE, 70),  # they never had to sign
        ([version(1, 0, *BOTH), version(2, 5, *BOTH, status=GrantStatus.REVOKED)], ALONE, 100),  # never took effect
    ],
)
def test_a_version_that_went_past_the_provider_counts_since_they_signed_last(
    earlier: list[GrantState], signers: tuple[Role, ...], days: int
) -> None:
    now = version(3, 90, *signers, status=GrantStatus.ACTIVE)
    every = [*earlier, now, version(4, 95, *BOTH, status=GrantStatus.DRAFTED)]
    assert NOW - in_force_since(now, lambda _grant: every) == timedelta(days=days)
    for least, meant in ((days, (now,)), (days + 1, ())):
        assert chosen(Selection(in_force_days=least), [now], lambda _grant: every, NOW) == meant


@pytest.mark.parametrize(
    ("number", "signers", "days"),
    [(1, OFFICE, 60), (2, OFFICE, 60), (2, ALONE, 60), (1, BOTH, 9), (2, BOTH, 9)],
)
def test_what_the_provider_never_signed_counts_from_its_beginning_however_often_it_is_put_back(
    number: int, signers: tuple[Role, ...], days: int
) -> None:
    """Its provider signs that it is put back where it signed before; else two of the data office do (ADR 0092)."""
    back = replace(version(number, 40, *signers, status=GrantStatus.ACTIVE), changed_at=NOW - timedelta(days=9))
    assert NOW - in_force_since(back, lambda _grant: [back]) == timedelta(days=days)


def test_only_the_exchange_ends_a_grant_before_its_time_for_a_campaign() -> None:
    early = ExpireGrant("camp_1")
    (event,) = decide_grant(early, ACTIVE, EXCHANGE, NOW)
    assert (evolve_grant(ACTIVE, event).status, event.said()["campaign"]) == (GrantStatus.EXPIRED, "camp_1")
    with pytest.raises(NotAllowed):
        decide_grant(ExpireGrant(), ACTIVE, EXCHANGE, NOW)
    for role in set(Role) - {Role.EXCHANGE}:
        with pytest.raises(NotAllowed):
            decide_grant(early, ACTIVE, actor(role), NOW)


def test_everything_has_words() -> None:
    assert set(STATUSES) == set(Status)
    assert set(ITEM_STATUSES) == set(ItemStatus)
    assert set(ANSWERS) == set(Answer)


# Laws -----------------------------------------------------------------------------------------------------------------

Deed = tuple[str, int, float]
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["keep", "tighten", "end", "revoke", "suspend", "sweep", "call-off"]),
        st.integers(0, 3),
        st.floats(0, 90),
    ),
    max_size=14,
)


class Small:
    """A campaign over four grants, carried out as the exchange does it."""

    def __init__(self, days: int) -> None:
        grants = [replace(GRANT, id=f"G-{number}") for number in range(4)]
        self.grants = [replace(ACTIVE, grant=grant) for grant in grants]
        opening = replace(OPEN, days=days, grants=tuple(self.grants))
        self.campaign = evolve(None, decide(opening, None, GOVERNOR, NOW, CALENDAR))
        self.items = list(items_of("camp_1", self.grants, NOW))
        self.now = NOW

    def do(self, what: str, number: int) -> None:
        if what == "sweep":
            self.sweep()
        elif what == "call-off":
            self.campaign = evolve(
                self.campaign, decide(CallOffCampaign("误"), self.campaign, APPROVER, self.now, CALENDAR)
            )
        elif what in {"revoke", "suspend"}:
            state = self.grants[number]
            if what == "revoke":
                self._grant(number, RevokeGrant("另案"), OWNER)
            elif state.status is GrantStatus.ACTIVE:
                self.grants[number] = replace(state, status=GrantStatus.SUSPENDED, changed_at=self.now)
        else:
            self._answer(number, Answer(what))

    def sweep(self) -> None:
        if self.campaign.status is not Status.OPEN or not is_over(self.campaign, CALENDAR, self.now):
            return
        for number, item in enumerate(self.items):
            if item.status is ItemStatus.WAITING:
                event = decide_item(LapseItem(self._lives(number)), item, self.campaign, EXCHANGE, self.now, CALENDAR)
                if self._lives(number):
                    self._grant(number, ExpireGrant(self.campaign.id), EXCHANGE)
                self.items[number] = evolve_item(item, event)
        waiting = sum(item.status is ItemStatus.WAITING for item in self.items)
        self.campaign = evolve(
            self.campaign, decide(CloseCampaign(waiting), self.campaign, EXCHANGE, self.now, CALENDAR)
        )

    def _answer(self, number: int, answer: Answer) -> None:
        command = AnswerItem(answer, "理由", self._lives(number))
        event = decide_item(command, self.items[number], self.campaign, OWNER, self.now, CALENDAR)
        assert isinstance(event, CampaignItemAnswered)
        assert not is_over(self.campaign, CALENDAR, self.now)
        if answer is Answer.END:
            self._grant(number, RevokeGrant("理由"), OWNER)
        self.items[number] = evolve_item(self.items[number], event)

    def _grant(self, number: int, command: RevokeGrant | ExpireGrant, who: Officer) -> None:
        for event in decide_grant(command, self.grants[number], who, self.now):
            self.grants[number] = evolve_grant(self.grants[number], event)

    def _lives(self, number: int) -> bool:
        return self.grants[number].status in {GrantStatus.ACTIVE, GrantStatus.SUSPENDED}


@settings(max_examples=sized(120, 20_000), deadline=None)
@given(st.integers(5, 30), DEEDS)
def test_a_campaign_extends_nothing_and_after_its_deadline_leaves_nothing_unanswered_in_force(
    days: int, deeds: list[Deed]
) -> None:
    small = Small(days)
    before = [state.grant for state in small.grants]
    ended: set[int] = set()
    for what, number, hours in deeds:
        small.now += timedelta(hours=hours)
        try:
            small.do(what, number)
        except NotAllowed:
            continue
        gone = {each for each, state in enumerate(small.grants) if state.status.value in {"revoked", "expired"}}
        assert ended <= gone  # nothing comes back
        ended = gone
        assert [state.grant for state in small.grants] == before  # no term, field or department ever changes
    called_off = small.campaign.status is Status.CALLED_OFF
    assert not (called_off and is_over(small.campaign, CALENDAR, small.campaign.changed_at))
    small.now = max(small.now, end_of(small.campaign))
    small.sweep()
    for item, state in zip(small.items, small.grants, strict=True):
        answered = item.status in {ItemStatus.KEPT, ItemStatus.TO_TIGHTEN, ItemStatus.ENDED}
        in_force = state.status in {GrantStatus.ACTIVE, GrantStatus.SUSPENDED}
        assert called_off or answered or not in_force, (item, state.status)
        assert item.status is not ItemStatus.ENDED or not in_force
    assert called_off or small.campaign.status is Status.CLOSED
