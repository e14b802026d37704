"""What can be done with a campaign and its items, and the tables that say by whom and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from policies.campaigns.events import Answer, ItemStatus, Status
from policies.campaigns.selection import Selection
from policies.grants.events import GrantState
from policies.proceedings import Row
from policies.roles import Role


@dataclass(frozen=True, slots=True)
class OpenCampaign:
    """Put these ``grants``, which the selection means, before their providers."""

    campaign: str
    title: str
    selection: Selection
    days: int
    grants: tuple[GrantState, ...]


@dataclass(frozen=True, slots=True)
class RemindCampaign:
    """Remind those who have not answered, when ``percent`` of the time is used."""

    percent: int


@dataclass(frozen=True, slots=True)
class CloseCampaign:
    """Note that it is over; ``waiting`` is how many items still wait."""

    waiting: int


@dataclass(frozen=True, slots=True)
class CallOffCampaign:
    """Give it up before its deadline."""

    reason: str


@dataclass(frozen=True, slots=True)
class AnswerItem:
    """Say what is to become of the grant, with reasons; ``living``: whether it can still take effect."""

    answer: Answer
    words: str
    living: bool


@dataclass(frozen=True, slots=True)
class LapseItem:
    """End what nobody answered; ``living``: whether there is anything to end."""

    living: bool


CampaignCommand = OpenCampaign | RemindCampaign | CloseCampaign | CallOffCampaign
CampaignCommandKind = type[CampaignCommand]
ItemCommand = AnswerItem | LapseItem
ItemCommandKind = type[ItemCommand]

CAMPAIGN_TABLE: Mapping[Status | None, Row[CampaignCommandKind]] = MappingProxyType(
    {
        None: {Role.GOVERNANCE_OFFICER: frozenset({OpenCampaign})},
        Status.OPEN: {
            # Not whoever opens campaigns: a default that anybody could stop is none.
            Role.GOVERNANCE_APPROVER: frozenset({CallOffCampaign}),
            Role.EXCHANGE: frozenset({RemindCampaign, CloseCampaign}),
        },
        Status.CLOSED: {},
        Status.CALLED_OFF: {},
    }
)

_ANSWERABLE: Row[ItemCommandKind] = {Role.PROVIDER_OFFICER: frozenset({AnswerItem})}
ITEM_TABLE: Mapping[ItemStatus, Row[ItemCommandKind]] = MappingProxyType(
    {
        ItemStatus.WAITING: {**_ANSWERABLE, Role.EXCHANGE: frozenset({LapseItem})},
        ItemStatus.KEPT: _ANSWERABLE,
        ItemStatus.TO_TIGHTEN: _ANSWERABLE,
        ItemStatus.ENDED: {},
        ItemStatus.LAPSED: {},
        ItemStatus.SETTLED: {},
    }
)
"""State × role → commands: the lists that the API, the pages and ``decide`` read. What is not here is refused."""
