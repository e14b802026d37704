"""Rating cases and carrying out commands on ratings: decided purely, recorded and stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from exchange.clocks.limits import TimeLimits
from exchange.messages import notices
from exchange.particulars import Particulars, kept
from exchange.proceedings import record
from exchange.store import messages, ratings
from exchange.store.histories import Happened
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from policies.clocks.profile import Stage
from policies.proceedings import Moved
from policies.ratings.commands import Command
from policies.ratings.document import facts
from policies.ratings.events import Rating, RatingEvent, RatingState, evolve
from policies.ratings.lifecycle import USUAL_DAYS, decide, next_due, rated
from policies.roles import Officer


class RatingMoved(Moved):
    """A rating has changed before it was written, or the case was rated meanwhile."""


@dataclass(frozen=True)
class RatingTransitions(TimeLimits):
    """Ratings changing. Safe for threads: one is changed only under the revision that was read."""

    database: Database
    ledger: Ledger
    clock: Clock

    def days(self, connection: Connection, organisation: str) -> int:
        """Working days that a department has to put a bad rating right."""
        return self.working_days(connection, organisation, Stage.RECTIFICATION, usual=USUAL_DAYS)

    def rate(self, rating: Rating, said: Particulars, spend: Also) -> RatingState:
        """Rate a case. Raises RatingMoved, LedgerUnavailable, InvalidEvent."""
        event = rated(rating, "person", self.clock.now())
        after = evolve(None, event)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            if ratings.find(connection, rating.case) is not None:
                raise RatingMoved
            ratings.add(connection, after, receipts[0].index, next_due(after, self.calendar(connection)))
            _note(connection, event, after)

        record(self.ledger, [_entry(event, after, said, new=True)], also, RatingMoved)
        return after

    def carry_out(self, command: Command, state: RatingState, entry: int, actor: Officer, spend: Also) -> RatingState:
        """Do what an officer commands, and return the new state.

        ``spend`` uses up the caller's proof in the same transaction. Raises NotAllowed, RatingMoved,
        LedgerUnavailable, InvalidEvent.
        """
        event = decide(command, state, actor, self.clock.now())
        after = evolve(state, event)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            due = next_due(after, self.calendar(connection))
            if not ratings.change(connection, after, due, was=state.revision):
                raise RatingMoved
            _note(connection, event, after)

        record(self.ledger, [_entry(event, after, self.said(entry))], also, RatingMoved)
        return after

    def said(self, entry: int) -> Particulars | None:
        """What was said with a rating, and by whom; None once that person's data were erased."""
        return kept(self.ledger, entry)


def _note(connection: Connection, event: RatingEvent, after: RatingState) -> None:
    happened = Happened(after.revision, event.name, event.at, facts(event))
    ratings.note(connection, after.rating.case, happened)
    messages.put(connection, notices.of_rating(event, after))


def _entry(event: RatingEvent, after: RatingState, said: Particulars | None, *, new: bool = False) -> Event:
    """An entry that the person finds in their log; the revision makes it unique."""
    rating = after.rating
    facts_: dict[str, JSON] = {
        **facts(event),
        "consumer": rating.organisation,
        "service_item": rating.service_item,
        "case": rating.case,
        "status": after.status.value,
    }
    payload = said.payload() if new and said is not None else None
    return Event(event.name, rating.case, str(after.revision), facts_, said.about if said else None, payload=payload)
