"""Carrying out commands on campaigns and items: decided by ``policies.campaigns``, recorded and stored in one
transaction with what becomes of the grants.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256

from sqlalchemy import Connection

from exchange.clocks.rules import read
from exchange.governance.transitions import Step, Transitions
from exchange.messages import notices
from exchange.proceedings import EXCHANGE, nothing_to_spend, record
from exchange.store import campaigns, epoch, grants, messages
from exchange.store.messages import Message
from kernel.canonical import JSON
from kernel.dates import local_day
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.receipt import Receipt
from policies.campaigns.commands import (
    AnswerItem,
    CallOffCampaign,
    CloseCampaign,
    LapseItem,
    OpenCampaign,
    RemindCampaign,
)
from policies.campaigns.events import (
    Answer,
    CampaignEvent,
    CampaignState,
    ItemEvent,
    ItemState,
    evolve_item,
)
from policies.campaigns.lifecycle import decide, decide_item, evolve, falls, items_of
from policies.campaigns.selection import Selection, chosen
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import deadline
from policies.grants.commands import ExpireGrant, RevokeGrant
from policies.grants.events import GrantState
from policies.proceedings import Moved
from policies.roles import Officer


class CampaignMoved(Moved):
    """Somebody else changed the campaign or the item between reading and writing; nothing was done."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Grants in force that a campaign would be about, and the epoch in which they were."""

    grants: tuple[GrantState, ...]
    epoch: int

    @property
    def digest(self) -> str:
        """Names the choice."""
        return digest_of(each.grant.ref for each in self.grants)


@dataclass(frozen=True, slots=True)
class ItemStep:
    """One event of one item: before, what happened, after, and the grants' own steps that follow."""

    before: ItemState
    event: ItemEvent
    after: ItemState
    grants: tuple[Step, ...]


@dataclass(frozen=True)
class CampaignTransitions:
    """Commands on campaigns and items. Safe for threads: each changes only under the revision that was read."""

    grants: Transitions

    def calendar(self, connection: Connection) -> WorkingCalendar:
        """The calendar that counts today."""
        return read(connection).calendar(local_day(self.grants.clock.now()))

    def chosen(self, connection: Connection, selection: Selection) -> Choice:
        """The grants in force that are meant and do not wait for an answer in another campaign already."""
        busy = campaigns.under_way(connection)
        versions = partial(grants.versions_without_reviews, connection)
        meant = chosen(selection, grants.active(connection), versions, self.grants.clock.now())
        free = tuple(each for each in meant if (each.grant.id, each.grant.version) not in busy)
        return Choice(free, epoch.read(connection).policies)

    def open(self, command: OpenCampaign, under: int, actor: Officer, spend: Also) -> CampaignState:
        """Open a campaign over what was chosen ``under`` an epoch.

        Raises NotAllowed, CampaignMoved, LedgerUnavailable, InvalidEvent.
        """
        with self.grants.database.read() as connection:
            calendar = self.calendar(connection)
        now = self.grants.clock.now()
        event = decide(command, None, actor, now, calendar)
        state = evolve(None, event)
        items = items_of(state.id, command.grants, now)
        told = notices.campaign_opened(state, items, _ends(state, calendar), now)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            busy = campaigns.under_way(connection)
            if epoch.read(connection).policies != under or any((each.grant, each.version) in busy for each in items):
                raise CampaignMoved  # what was shown is no longer what it would be about
            campaigns.add(connection, state, items)
            messages.put(connection, told)

        refs: list[JSON] = [each.ref for each in items]
        listed: dict[str, JSON] = {
            "grants_digest": digest_of(each.ref for each in items),
            "first_grants": refs[:_MOST_NAMED],
        }
        record(self.grants.ledger, [_entry(event, state, actor, listed)], also, CampaignMoved)
        return state

    def call_off(self, reason: str, state: CampaignState, actor: Officer, spend: Also) -> CampaignState:
        """Give a campaign up. Raises NotAllowed, CampaignMoved, LedgerUnavailable, InvalidEvent."""
        return self._move(CallOffCampaign(reason), state, actor, spend, ())

    def remind(self, percent: int, state: CampaignState) -> CampaignState:
        """Tell every department whose answer is missing. Raises NotAllowed, CampaignMoved, LedgerUnavailable."""
        with self.grants.database.read() as connection:
            waiting = campaigns.waiting_providers(connection, state.id)
            ends = _ends(state, self.calendar(connection))
        told = notices.campaign_reminds(state.id, percent, waiting, ends, self.grants.clock.now())
        return self._move(RemindCampaign(percent), state, EXCHANGE, nothing_to_spend, told)

    def close(self, state: CampaignState) -> CampaignState:
        """Note that it is over. Raises NotAllowed while something waits, CampaignMoved, LedgerUnavailable."""
        with self.grants.database.read() as connection:
            waiting = sum(campaigns.waiting_providers(connection, state.id).values())
        told = [notices.campaign_closed(state.id, self.grants.clock.now())]
        return self._move(CloseCampaign(waiting), state, EXCHANGE, nothing_to_spend, told)

    def answer(
        self, answer: Answer, words: str, item: ItemState, campaign: CampaignState, actor: Officer, spend: Also
    ) -> ItemState:
        """Write down what the provider says, and end the grant where it says so.

        Raises NotAllowed, Moved, LedgerUnavailable, InvalidEvent.
        """
        with self.grants.database.read() as connection:
            living = grants.living_of(connection, item.grant)
            calendar = self.calendar(connection)
        command = AnswerItem(answer, words, bool(living))
        event = decide_item(command, item, campaign, actor, self.grants.clock.now(), calendar)
        ended = [each for state in living for each in self._ended(state, words, actor)] if answer is Answer.END else []
        step = ItemStep(item, event, evolve_item(item, event), tuple(ended))
        self._record([step], campaign, actor, spend)
        return step.after

    def lapse(self, items: Iterable[ItemState], campaign: CampaignState) -> int:
        """Let items lapse together, with what becomes of their grants; how many.

        Raises NotAllowed before the deadline, Moved, LedgerUnavailable.
        """
        with self.grants.database.read() as connection:
            calendar = self.calendar(connection)
            due = [(item, falls(item, grants.living_of(connection, item.grant))) for item in items]
        steps = [self._lapsed(item, living, campaign, calendar) for item, living in due]
        self._record(steps, campaign, EXCHANGE, nothing_to_spend)
        return len(steps)

    def _lapsed(
        self, item: ItemState, living: Sequence[GrantState], campaign: CampaignState, calendar: WorkingCalendar
    ) -> ItemStep:
        event = decide_item(LapseItem(bool(living)), item, campaign, EXCHANGE, self.grants.clock.now(), calendar)
        command = ExpireGrant(campaign.id)
        ended = [each for state in living for each in self.grants.steps(command, state, EXCHANGE, (state,))]
        return ItemStep(item, event, evolve_item(item, event), tuple(ended))

    def _ended(self, state: GrantState, words: str, actor: Officer) -> tuple[Step, ...]:
        return self.grants.steps(RevokeGrant(words), state, actor, (state,))

    def _move(
        self,
        command: CallOffCampaign | RemindCampaign | CloseCampaign,
        state: CampaignState,
        actor: Officer,
        spend: Also,
        told: Iterable[Message],
    ) -> CampaignState:
        with self.grants.database.read() as connection:
            calendar = self.calendar(connection)
        event = decide(command, state, actor, self.grants.clock.now(), calendar)
        after, written = evolve(state, event), tuple(told)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            if not campaigns.change(connection, after, was=state.revision):
                raise CampaignMoved
            messages.put(connection, written)

        record(self.grants.ledger, [_entry(event, after, actor)], also, CampaignMoved)
        return after

    def _record(self, steps: Sequence[ItemStep], campaign: CampaignState, actor: Officer, spend: Also) -> None:
        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            for step in steps:
                if not campaigns.change_item(connection, step.after, was=step.before.revision):
                    raise CampaignMoved
            # An answer counts while its campaign is open as it was read, and so does a lapse.
            if campaigns.find(connection, campaign.id) != campaign:
                raise CampaignMoved
            messages.put(connection, (told for step in steps for told in notices.of_item(step.event, step.after)))

        entries = [_item_entry(step, actor) for step in steps]
        moves = [each for step in steps for each in step.grants]
        if moves:
            self.grants.record(moves, actor, also, beside=entries)
        else:
            record(self.grants.ledger, entries, also, CampaignMoved)


_MOST_NAMED = 100
"""Grants that an opening names in the log, whose entries are bounded; the digest is over all of them."""


def digest_of(refs: Iterable[str]) -> str:
    """Names a list of grants (id@version), in its order."""
    return f"sha256:{sha256(chr(10).join(refs).encode()).hexdigest()}"


def _ends(state: CampaignState, calendar: WorkingCalendar) -> str:
    ends = deadline(state.clock, calendar)
    return "" if ends is None else ends.isoformat()


def _entry(event: CampaignEvent, state: CampaignState, actor: Officer, more: dict[str, JSON] | None = None) -> Event:
    said: dict[str, JSON] = {name: _fact(value) for name, value in event.said().items()}
    said |= {"status": state.status.value, "organisation": actor.organisation, **(more or {})}
    return Event(event.name, state.id, str(state.revision), said)


def _item_entry(step: ItemStep, actor: Officer) -> Event:
    said: dict[str, JSON] = {name: _fact(value) for name, value in step.event.said().items()}
    said |= {"grant": step.after.ref, "status": step.after.status.value, "organisation": actor.organisation}
    return Event(step.event.name, step.after.campaign, f"{step.after.number}.{step.after.revision}", said)


def _fact(value: object) -> JSON:
    if isinstance(value, Selection):
        return asdict(value)
    return value if isinstance(value, int) else str(value)
