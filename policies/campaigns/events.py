"""What has happened to a campaign and to its items, and the states it adds up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from kernel.text import Text
from policies.campaigns.selection import Selection
from policies.clocks.run import Run
from policies.proceedings import Event, State


class Status(StrEnum):
    """Where a campaign stands."""

    OPEN = "open"
    CLOSED = "closed"
    CALLED_OFF = "called-off"


class Answer(StrEnum):
    """What the providing department says of a grant."""

    KEEP = "keep"
    TIGHTEN = "tighten"
    END = "end"


class ItemStatus(StrEnum):
    """Where one grant of a campaign stands; ``settled``: it was no longer in force when time was up."""

    WAITING = "waiting"
    KEPT = "kept"
    TO_TIGHTEN = "to-tighten"
    ENDED = "ended"
    LAPSED = "lapsed"
    SETTLED = "settled"


STATUSES: Mapping[Status, Text] = MappingProxyType(
    {
        Status.OPEN: Text("进行中", "Open"),
        Status.CLOSED: Text("已结束", "Closed"),
        Status.CALLED_OFF: Text("已取消", "Called off"),
    }
)
ANSWERS: Mapping[Answer, Text] = MappingProxyType(
    {
        Answer.KEEP: Text("保留", "Keep"),
        Answer.TIGHTEN: Text("收紧", "Tighten"),
        Answer.END: Text("终止", "End"),
    }
)
ITEM_STATUSES: Mapping[ItemStatus, Text] = MappingProxyType(
    {
        ItemStatus.WAITING: Text("等待答复", "Waits for an answer"),
        ItemStatus.KEPT: Text("保留", "Kept"),
        ItemStatus.TO_TIGHTEN: Text("将收紧", "To be tightened"),
        ItemStatus.ENDED: Text("已终止", "Ended"),
        ItemStatus.LAPSED: Text("逾期未答复，已失效", "Lapsed without an answer"),
        ItemStatus.SETTLED: Text("期间已不再生效", "No longer in force by then"),
    }
)
"""All in words."""

AFTER: Mapping[Answer, ItemStatus] = MappingProxyType(
    {Answer.KEEP: ItemStatus.KEPT, Answer.TIGHTEN: ItemStatus.TO_TIGHTEN, Answer.END: ItemStatus.ENDED}
)
"""Where an answer leaves an item."""


@dataclass(frozen=True, slots=True)
class CampaignOpened(Event):
    """It was opened over so many ``items``, each to be answered within ``days`` working days."""

    campaign: str
    title: str
    selection: Selection
    days: int
    items: int


@dataclass(frozen=True, slots=True)
class CampaignReminded(Event):
    """Those who had not answered were reminded when ``percent`` of the time was used."""

    percent: int


@dataclass(frozen=True, slots=True)
class CampaignClosed(Event):
    """The deadline had come, and nothing waited any more."""


@dataclass(frozen=True, slots=True)
class CampaignCalledOff(Event):
    """It was given up before its deadline; what was not answered stays as it is."""

    reason: str


@dataclass(frozen=True, slots=True)
class CampaignItemAnswered(Event):
    """The providing department answered, with its ``words``."""

    answer: Answer
    words: str


@dataclass(frozen=True, slots=True)
class CampaignItemLapsed(Event):
    """Nobody answered in time: the grant ends."""


@dataclass(frozen=True, slots=True)
class CampaignItemSettled(Event):
    """Nobody answered in time, and there was nothing left to end."""


CampaignEvent = CampaignOpened | CampaignReminded | CampaignClosed | CampaignCalledOff
ItemEvent = CampaignItemAnswered | CampaignItemLapsed | CampaignItemSettled


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignState(State):
    """A campaign: ``clock`` is the time everybody has to answer, ``told`` the per cents of it at which was reminded.

    ``reason`` says why it was called off.
    """

    id: str
    title: str
    selection: Selection
    clock: Run
    items: int
    opened_by: str
    status: Status = Status.OPEN
    told: frozenset[int] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState(State):
    """One grant version of a campaign; ``words`` and ``by`` are the last answer's."""

    campaign: str
    number: int
    grant: str
    version: int
    provider: str
    consumer: str
    evidence_type: str
    status: ItemStatus = ItemStatus.WAITING
    words: str = ""
    by: str = ""

    @property
    def ref(self) -> str:
        """The grant's id@version."""
        return f"{self.grant}@{self.version}"


def evolve_item(state: ItemState | None, event: ItemEvent) -> ItemState:
    """The item after an event; raises ValueError for one that cannot be."""
    if state is None:
        raise ValueError("an item begins with its campaign")
    if isinstance(event, CampaignItemAnswered):
        return state.after(event, status=AFTER[event.answer], words=event.words, by=event.by)
    return state.after(event, status=ItemStatus.LAPSED if isinstance(event, CampaignItemLapsed) else ItemStatus.SETTLED)
