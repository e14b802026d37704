"""A command on a campaign or an item, the state, who asks and when → events, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

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
    CampaignCalledOff,
    CampaignClosed,
    CampaignEvent,
    CampaignItemAnswered,
    CampaignItemLapsed,
    CampaignItemSettled,
    CampaignOpened,
    CampaignReminded,
    CampaignState,
    ItemEvent,
    ItemState,
    Status,
)
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.profile import Stage
from policies.clocks.run import Run, deadline, reached
from policies.grants.events import GrantState
from policies.proceedings import Matter, NotAllowed, capacities, is_stated
from policies.roles import Officer, Role

FEWEST_DAYS, MOST_DAYS = 5, 120
"""Working days a campaign gives: nobody is surprised, and nothing is put off for ever."""
MOST_ITEMS = 1000
LONGEST_TITLE = 200
REMINDERS = (50, 80)
"""Per cents of the time at which those who have not answered are reminded."""

CAMPAIGN = Matter("campaign", Text("复核活动", "campaign"))
ITEM = Matter("campaign-item", Text("复核事项", "item of the campaign"))


def decide(
    command: CampaignCommand, state: CampaignState | None, actor: Officer, now: datetime, calendar: WorkingCalendar
) -> CampaignEvent:
    """What follows from a command on a campaign; ``state`` is None for a new one. Raises NotAllowed."""
    kind = type(command)
    if not capacities(CAMPAIGN_TABLE[None if state is None else state.status], kind, actor.roles):
        raise CAMPAIGN.not_open()
    if isinstance(command, OpenCampaign):
        return _opened(command, actor, now)
    if state is None:
        raise CAMPAIGN.unknown()
    if (refusal := CAMPAIGN.time_goes_on(command, state, actor, now)) is not None:
        raise refusal
    return _moved(command, state, actor, now, calendar)


def _opened(command: OpenCampaign, actor: Officer, now: datetime) -> CampaignOpened:
    if not (is_stated(command.title) and len(command.title) <= LONGEST_TITLE):
        raise CAMPAIGN.refusal("title-missing", Text("须写明名称", "State a title"))
    if not FEWEST_DAYS <= command.days <= MOST_DAYS:
        raise CAMPAIGN.refusal(
            "days",
            Text(
                f"期限应为 {FEWEST_DAYS} 至 {MOST_DAYS} 个工作日",
                f"A campaign lasts between {FEWEST_DAYS} and {MOST_DAYS} working days",
            ),
        )
    count = len(command.grants)
    if not count:
        raise CAMPAIGN.refusal("nothing-chosen", Text("没有符合条件的现行授权", "No grant in force is meant by this"))
    if count > MOST_ITEMS:
        raise CAMPAIGN.refusal(
            "too-many",
            Text(
                f"共 {count} 项，一次至多 {MOST_ITEMS} 项，请缩小范围",
                f"These are {count} grants; one campaign has at most {MOST_ITEMS}: choose fewer",
            ),
        )
    if not all(command.selection.covers(each, now) for each in command.grants):
        raise CAMPAIGN.refusal("not-chosen", Text("有授权不符合所选条件", "A grant is not meant by the selection"))
    return CampaignOpened(
        actor.id, now, command.campaign, command.title.strip(), command.selection, command.days, count
    )


def _moved(
    command: CampaignCommand, state: CampaignState, actor: Officer, now: datetime, calendar: WorkingCalendar
) -> CampaignEvent:
    over = is_over(state, calendar, now)
    if isinstance(command, CallOffCampaign):
        if over:
            raise _too_late()
        if (refusal := CAMPAIGN.gives_a_reason(command)) is not None:
            raise refusal
        return CampaignCalledOff(actor.id, now, command.reason.strip())
    if isinstance(command, RemindCampaign):
        if over or command.percent not in due_reminders(state, calendar, now):
            raise CAMPAIGN.refusal("not-due", Text("现在无须提醒", "No reminder is due"))
        return CampaignReminded(actor.id, now, command.percent)
    if isinstance(command, CloseCampaign) and over and command.waiting == 0:
        return CampaignClosed(actor.id, now)
    raise CAMPAIGN.refusal("not-over", Text("活动尚未结束", "The campaign is not over"))


def decide_item(
    command: ItemCommand,
    state: ItemState,
    campaign: CampaignState,
    actor: Officer,
    now: datetime,
    calendar: WorkingCalendar,
) -> ItemEvent:
    """What follows from a command on an item. Raises NotAllowed."""
    refusal = (
        ITEM.is_open(ITEM_TABLE[state.status], type(command), actor, lambda role: _acts_for(role, actor, state))
        or ITEM.time_goes_on(command, state, actor, now)
        or _is_open(campaign)
    )
    if refusal is not None:
        raise refusal
    over = is_over(campaign, calendar, now)
    return _lapsed(command, actor, now, over) if isinstance(command, LapseItem) else _answer(command, actor, now, over)


def _answer(command: AnswerItem, actor: Officer, now: datetime, over: bool) -> CampaignItemAnswered:
    if over:
        raise _too_late()
    if not command.living:
        raise ITEM.refusal(
            "grant-ended",
            Text("该授权已不再生效，无须答复", "The grant is no longer in force; nothing is to be answered"),
        )
    if not is_stated(command.words):
        raise ITEM.reason_missing()
    return CampaignItemAnswered(actor.id, now, command.answer, command.words.strip())


def _lapsed(command: LapseItem, actor: Officer, now: datetime, over: bool) -> CampaignItemLapsed | CampaignItemSettled:
    if not over:
        raise ITEM.refusal("not-over", Text("答复期限未到", "There is time left to answer"))
    return CampaignItemLapsed(actor.id, now) if command.living else CampaignItemSettled(actor.id, now)


def _acts_for(role: Role, actor: Officer, state: ItemState) -> bool:
    return role is not Role.PROVIDER_OFFICER or actor.organisation == state.provider


def _is_open(campaign: CampaignState) -> NotAllowed | None:
    return None if campaign.status is Status.OPEN else ITEM.not_open()


def _too_late() -> NotAllowed:
    return CAMPAIGN.refusal("over", Text("期限已过", "The deadline has passed"))


def may_answer(state: ItemState, campaign: CampaignState, actor: Officer, over: bool) -> bool:
    """Whether this officer may answer now: what a page offers."""
    row = ITEM_TABLE[state.status]
    open_ = not over and campaign.status is Status.OPEN
    return open_ and ITEM.is_open(row, AnswerItem, actor, lambda role: _acts_for(role, actor, state)) is None


READERS = frozenset({Role.GOVERNANCE_OFFICER, Role.GOVERNANCE_APPROVER, Role.DATA_PROTECTION_OFFICER, Role.AUDITOR})
"""Capacities that see every item; the departments see their own."""


def sees(provider: str, consumer: str, actor: Officer) -> bool:
    """Whether this officer may read an item between these departments."""
    return bool(READERS & actor.roles) or actor.organisation in {provider, consumer}


def is_over(state: CampaignState, calendar: WorkingCalendar, now: datetime) -> bool:
    """Whether the last day to answer is past."""
    ends = deadline(state.clock, calendar)
    return ends is not None and now >= ends


def due_reminders(state: CampaignState, calendar: WorkingCalendar, now: datetime) -> tuple[int, ...]:
    """The reminders that were not given and whose time has come; after an outage that may be several."""
    untold = {each: reached(state.clock, calendar, each) for each in REMINDERS if each not in state.told}
    return tuple(percent for percent, at in untold.items() if at is not None and at <= now)


def evolve(state: CampaignState | None, event: CampaignEvent) -> CampaignState:
    """The campaign after an event; raises ValueError for one that cannot follow."""
    if isinstance(event, CampaignOpened):
        if state is not None:
            raise ValueError("a campaign is opened once")
        return CampaignState(
            id=event.campaign,
            title=event.title,
            selection=event.selection,
            clock=Run(stage=Stage.RECERTIFICATION, days=event.days, began=event.at),
            items=event.items,
            opened_by=event.by,
            changed_at=event.at,
        )
    if state is None:
        raise ValueError("a campaign begins with its opening")
    if isinstance(event, CampaignReminded):
        return state.after(event, told=state.told | {each for each in REMINDERS if each <= event.percent})
    if isinstance(event, CampaignCalledOff):
        return state.after(event, status=Status.CALLED_OFF, reason=event.reason)
    return state.after(event, status=Status.CLOSED)


def items_of(campaign: str, grants: Iterable[GrantState], now: datetime) -> tuple[ItemState, ...]:
    """The items that an opening makes, numbered from 1."""
    return tuple(
        ItemState(
            campaign=campaign,
            number=number,
            grant=each.grant.id,
            version=each.grant.version,
            provider=each.grant.provider,
            consumer=each.grant.consumer,
            evidence_type=each.grant.evidence_type,
            changed_at=now,
        )
        for number, each in enumerate(grants, start=1)
    )


def falls(item: ItemState, living: Iterable[GrantState]) -> tuple[GrantState, ...]:
    """What ends when nobody answers: of the ``living`` versions of the grant those that the provider did not sign anew.

    A newer version that the providing department itself has signed since is its answer; one that went past it is none.
    """
    return tuple(state for state in living if state.grant.version <= item.version or not state.signed_by_provider)
