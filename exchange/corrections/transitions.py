"""Opening corrections and carrying out commands on them: decided purely, recorded and stored in one transaction.

Opening and ending advance the policy epoch, so that evidence says that it is disputed on every node within a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from exchange.clocks.limits import TimeLimits
from exchange.corrections.recipients import Received, Recipients
from exchange.events import outbox
from exchange.events.signal import Kind, Signal, to_reliers, to_system
from exchange.gateway.entries import TOLD_FROM
from exchange.messages import notices
from exchange.particulars import Particulars, kept
from exchange.proceedings import record
from exchange.store import corrections, epoch, messages
from exchange.store.corrections import About
from exchange.store.histories import Happened
from exchange.store.return_flow_books import Held
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from policies.clocks.profile import ShareType, Stage
from policies.corrections.commands import Command
from policies.corrections.document import facts
from policies.corrections.events import CorrectionEvent, CorrectionState, Objection, Status, evolve
from policies.corrections.lifecycle import USUAL_DAYS, decide, next_due, opened, withdrawn
from policies.proceedings import Moved
from policies.roles import Officer


class CorrectionMoved(Moved):
    """A correction has changed before it was written, or one was opened meanwhile."""


@dataclass(frozen=True, slots=True)
class By:
    """Who opens one or takes it back: the person, or a system and the officer (blind index) for whom it acts."""

    name: str
    officer: str = ""


@dataclass(frozen=True)
class CorrectionTransitions(TimeLimits):
    """Corrections changing. Safe for threads: one is changed only under the revision that was read."""

    database: Database
    ledger: Ledger
    clock: Clock
    recipients: Recipients

    def days(self, connection: Connection, provider: str, share_type: str) -> int:
        """Working days that a provider has."""
        share = ShareType(share_type)
        return self.working_days(connection, provider, Stage.CORRECTION, usual=USUAL_DAYS, share_type=share)

    def open(
        self, correction: str, objection: Objection, by: str, particulars: Particulars, index: bytes, spend: Also
    ) -> CorrectionState:
        """Open one, about whoever has this blind ``index``. Raises CorrectionMoved, LedgerUnavailable, InvalidEvent."""
        event = opened(correction, objection, by, self.clock.now())
        after = evolve(None, event)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            if corrections.same(connection, index, objection.evidence_type, objection.field) is not None:
                raise CorrectionMoved
            due = next_due(after, self.calendar(connection))
            corrections.add(connection, after, About(index, receipts[0].index), due)
            _note(connection, event, after)
            messages.put(connection, notices.of_correction(event, after, ()))
            epoch.advance(connection)

        record(self.ledger, [_entry(event, after, particulars, new=True)], also, CorrectionMoved)
        return after

    def carry_out(
        self, command: Command, state: CorrectionState, about: About, actor: Officer, spend: Also
    ) -> CorrectionState:
        """Do what an officer commands, and return the new state.

        ``spend`` uses up the caller's proof in the same transaction. Raises NotAllowed, CorrectionMoved,
        LedgerUnavailable, InvalidEvent.
        """
        return self._change(decide(command, state, actor, self.clock.now()), state, about, spend)

    def withdraw(self, state: CorrectionState, about: About, by: By, spend: Also) -> CorrectionState:
        """Take one back, for whoever opened it. Raises NotAllowed, CorrectionMoved, LedgerUnavailable, InvalidEvent."""
        return self._change(withdrawn(state, by.name, by.officer, self.clock.now()), state, about, spend)

    def _change(self, event: CorrectionEvent, state: CorrectionState, about: About, spend: Also) -> CorrectionState:
        after = evolve(state, event)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            if not corrections.change(connection, after, self._due(connection, after), was=state.revision):
                raise CorrectionMoved
            _note(connection, event, after)
            received = self.recipients.of(connection, about.subject, after.objection.evidence_type)
            messages.put(connection, notices.of_correction(event, after, received.departments))
            for signal in _signals(after, about, received):
                outbox.put(connection, signal)
            if after.clock is None:
                epoch.advance(connection)
                self.ledger.drop_payload(connection, about.entry)  # nobody needs to know any more what was said

        record(self.ledger, [_entry(event, after, self.particulars(about))], also, CorrectionMoved)
        return after

    def particulars(self, about: About) -> Particulars | None:
        """Whom it is about, what was seen and what would be right; None once that person's data were erased."""
        return kept(self.ledger, about.entry)

    def _due(self, connection: Connection, state: CorrectionState) -> datetime | None:
        return next_due(state, self.calendar(connection))


_TOLD = {
    Status.CORRECTED: Kind.EVIDENCE_CORRECTED,
    Status.REJECTED: Kind.EVIDENCE_UNDISPUTED,
    Status.WITHDRAWN: Kind.EVIDENCE_UNDISPUTED,
}
"""What an end is told as, to the systems of all who received the record."""


def _signals(after: CorrectionState, about: About, received: Received) -> Iterator[Signal]:
    """What the systems of those who received the record hear of its end."""
    if after.status in _TOLD:
        yield _signal(_TOLD[after.status], after, about)
    if after.status is Status.CORRECTED:
        yield from (_to_flow(held, after, about) for held in received.flows if held.until is None)


def _to_flow(held: Held, after: CorrectionState, about: About) -> Signal:
    """The same for the system of a flow that holds the record: by the row of its files, not by cases."""
    data: dict[str, JSON] = {
        "flow": held.flow,
        "row": held.row,
        "evidence_type": held.evidence_type,
        "changed": [after.objection.field],
    }
    return to_system(
        Kind.RETURN_FLOW_CORRECTED,
        held.system,
        cause=f"{after.id}/{after.revision}/{held.flow}",
        at=after.changed_at,
        data=data,
        subject=about.subject,
        evidence_type=held.evidence_type,
    )


def _signal(kind: Kind, after: CorrectionState, about: About) -> Signal:
    """That a field was corrected, and not to what; or that it is disputed no longer."""
    return to_reliers(
        kind,
        after.objection.evidence_type,
        about.subject,
        cause=f"{after.id}/{after.revision}",
        at=after.changed_at,
        changed=(after.objection.field,),
    )


def _note(connection: Connection, event: CorrectionEvent, after: CorrectionState) -> None:
    corrections.note(connection, after.id, Happened(after.revision, event.name, event.at, facts(event)))


def _entry(
    event: CorrectionEvent, after: CorrectionState, particulars: Particulars | None, *, new: bool = False
) -> Event:
    """An entry that the person finds in their log; the revision makes it unique."""
    objection = after.objection
    said: dict[str, JSON] = {
        **facts(event),
        "evidence_type": objection.evidence_type,
        "fields": [objection.field],
        "consumer": objection.consumer,
        "provider": objection.provider,
        "status": after.status.value,
    }
    if objection.told_from:  # else the correction would tell that person what a statute does not
        said[TOLD_FROM] = objection.told_from
    about = None if particulars is None else particulars.about
    payload = particulars.payload() if new and particulars is not None else None
    return Event(event.name, after.id, str(after.revision), said, about, payload=payload)
