"""Carrying out commands on tasks: decided by ``policies.responders``, recorded and stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from exchange.clocks.limits import TimeLimits
from exchange.messages import notices
from exchange.proceedings import EXCHANGE, nothing_to_spend, record
from exchange.responders.sealed import Secret, Vault
from exchange.store import messages, responders
from exchange.store.histories import Happened
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from policies.clocks.calendar import WorkingCalendar
from policies.proceedings import Moved, course
from policies.responders.clock import due
from policies.responders.commands import Command
from policies.responders.document import facts
from policies.responders.lifecycle import decide
from policies.responders.task import LIVING, Status, TaskEvent, TaskState, evolve
from policies.roles import Officer


class TaskMoved(Moved):
    """A task has changed before a step of it was written."""


@dataclass(frozen=True)
class TaskTransitions(TimeLimits):
    """Commands on tasks. Safe for threads: one is changed only under the revision that was read."""

    database: Database
    ledger: Ledger
    clock: Clock
    vault: Vault

    def carry_out(
        self, command: Command, state: TaskState, actor: Officer, spend: Also, secret: Secret | None = None
    ) -> TaskState:
        """Do what an officer commands, and return the task's new state.

        ``secret`` is what is sealed of it from now on, where that changes; ``spend`` uses up the caller's proof in the
        same transaction. Raises NotAllowed, TaskMoved, LedgerUnavailable, InvalidEvent.
        """
        events = decide(command, state, actor, self.clock.now())
        steps = tuple(course(state, events, evolve))
        after = steps[-1][2]

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            calendar = self.calendar(connection)
            for before, event, then in steps:
                _store(connection, before, event, then, next_due(then, calendar))
                messages.put(connection, notices.of_task(event, then))
            if secret is not None:
                responders.keep(connection, after.id, self.vault.seal(after.id, secret))
            if after.status is Status.WITHDRAWN:
                responders.forget(connection, after.id)

        entries = [entry(event, then, actor.organisation) for _, event, then in steps]
        record(self.ledger, entries, also, TaskMoved)
        return after

    def by_the_clock(self, command: Command, state: TaskState) -> TaskState:
        """Do what time or the end of the request commands. Raises as ``carry_out``."""
        return self.carry_out(command, state, EXCHANGE, nothing_to_spend)


def next_due(state: TaskState, calendar: WorkingCalendar) -> datetime | None:
    """When the clock of a task is to be looked at next; None where it runs no more."""
    if state.status not in LIVING:
        return None
    if state.reply_due is not None:
        return state.reply_due
    instants = due(state.running, calendar)
    return min((at for percent, at in instants.items() if percent not in state.told), default=None)


def entry(event: TaskEvent, after: TaskState, organisation: str) -> Event:
    """The ledger's entry of a step; the revision makes it unique. It names nobody."""
    said: dict[str, JSON] = {
        **facts(event),
        "request": after.wanted.request,
        "evidence_type": after.wanted.evidence_type,
        "consumer": after.wanted.consumer,
        "office": after.office.organisation,
        "status": after.status.value,
        "organisation": organisation,
    }
    return Event(event.name, after.id, str(after.revision), said)


def _store(
    connection: Connection, before: TaskState | None, event: TaskEvent, after: TaskState, again: datetime | None
) -> None:
    if before is None or not responders.change(connection, after, again, was=before.revision):
        raise TaskMoved
    responders.note(connection, after.id, Happened(after.revision, event.name, event.at, facts(event)))
