"""Carrying out commands on requests: decided by ``policies.requests``, recorded and stored in one transaction.

An approval and the draft of its grant are one append: there is never the one without the other. So are the form check
of what is shared unconditionally and the grant that it hands in: what cannot be handed in does not pass the form check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from exchange.clocks.limits import TimeLimits
from exchange.governance.transitions import GrantMoved, Step, Transitions
from exchange.messages import access_notices
from exchange.proceedings import EXCHANGE, nothing_to_spend, record
from exchange.store import access_requests, messages
from exchange.store.histories import Happened
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from policies.clocks.calendar import WorkingCalendar
from policies.proceedings import Moved, NotAllowed
from policies.requests.commands import Command
from policies.requests.conditions import not_granted
from policies.requests.document import facts
from policies.requests.escalation import next_due
from policies.requests.events import RequestState, Status
from policies.requests.granting import grant_commands
from policies.requests.steps import RequestStep, steps
from policies.roles import Officer


class RequestMoved(Moved):
    """Somebody else changed the request between reading and writing; nothing was done."""


@dataclass(frozen=True)
class RequestTransitions(TimeLimits):
    """Commands on requests. Safe for threads: a request is changed only under the revision that was read."""

    database: Database
    ledger: Ledger
    clock: Clock
    grants: Transitions

    def carry_out(
        self, commands: Sequence[Command], state: RequestState | None, actor: Officer, spend: Also
    ) -> RequestState:
        """Do what an officer commands, one after the other, and return the request's new state.

        ``spend`` uses up the caller's proof in the same transaction. Raises NotAllowed, RequestMoved,
        LedgerUnavailable, InvalidEvent.
        """
        steps = self.steps(commands, state, actor)
        self.record(steps, spend)
        return steps[-1].after

    def tell(self, state: RequestState) -> bool:
        """Escalate what is due; False when nothing is. Raises NotAllowed, RequestMoved, LedgerUnavailable."""
        steps = self.steps((), state, EXCHANGE)
        if steps:
            self.record(steps, nothing_to_spend)
        return bool(steps)

    def steps(self, commands: Sequence[Command], state: RequestState | None, actor: Officer) -> tuple[RequestStep, ...]:
        """Everything that follows from these commands on one request, after what the clock says by itself.

        Raises NotAllowed.
        """
        if state is None or state.clock is None:
            return steps(commands, state, actor, WorkingCalendar(), self.clock.now())
        with self.database.read() as connection:
            calendar = self.calendar(connection)
        return steps(commands, state, actor, calendar, self.clock.now())

    def record(self, steps: Sequence[RequestStep], spend: Also, beside: Sequence[Event] = ()) -> None:
        """Append the events and store the states, and draft the grants of what was approved: all or nothing.

        ``beside`` are entries of what led to these steps; what they store is up to ``spend``.

        Raises RequestMoved, NotAllowed, LedgerUnavailable, InvalidEvent.
        """

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            # Read behind the ledger's lock: a table written before this entry has its clocks looked at no more.
            calendar = self.calendar(connection)
            for step in steps:
                _store(connection, step, next_due(step.after, calendar))
            messages.put(connection, access_notices.of_requests(steps))

        entries = [*beside, *(_entry(step) for step in steps)]
        approved = [step.after for step in steps if _is_approval(step)]
        if approved:
            self._record_with_grants(approved, entries, also)
        else:
            record(self.ledger, entries, also, RequestMoved)

    def _record_with_grants(self, approved: Sequence[RequestState], entries: Sequence[Event], also: Also) -> None:
        drafts = [step for state in approved for step in self._drafted(state)]
        author = grant_commands(approved[0])[0][1]
        try:
            self.grants.record(drafts, author, also, beside=entries)
        except GrantMoved:
            raise RequestMoved from None

    def _drafted(self, state: RequestState) -> tuple[Step, ...]:
        steps: list[Step] = []
        for command, author in grant_commands(state):
            before = steps[-1].after if steps else None
            try:
                steps += self.grants.steps(command, before, author, ())
            except NotAllowed as refusal:
                raise not_granted(refusal) if state.granted_by_form_check else refusal from None
        return tuple(steps)


def _is_approval(step: RequestStep) -> bool:
    return step.after.status is Status.APPROVED and (step.before is None or step.before.status is not Status.APPROVED)


def _store(connection: Connection, step: RequestStep, due: datetime | None) -> None:
    if step.before is None:
        access_requests.add(connection, step.after, due)
    elif not access_requests.change(connection, step.after, due, was=step.before.revision):
        raise RequestMoved
    event = step.event
    access_requests.note(connection, step.after.id, Happened(step.after.revision, event.name, event.at, facts(event)))


def _entry(step: RequestStep) -> Event:
    """The revision makes the entry unique: a request may be returned more than once."""
    said: dict[str, JSON] = {
        **facts(step.event),
        "status": step.after.status.value,
        "organisation": step.actor.organisation,
    }
    return Event(step.event.name, step.after.id, str(step.after.revision), said)
