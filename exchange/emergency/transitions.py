"""Carrying out commands on openings: decided by ``policies.emergency``, recorded and stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from exchange.clocks.limits import TimeLimits
from exchange.messages import notices
from exchange.proceedings import record
from exchange.store import cases, emergencies, epoch, grants, messages
from exchange.store.histories import Happened
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from policies.emergency.commands import AskEmergency, Circumstances, Command, OpenEmergency
from policies.emergency.document import facts
from policies.emergency.lifecycle import decide, is_overdue
from policies.emergency.opening import Asked, EmergencyEvent, EmergencyState, Status, evolve
from policies.grants.events import Status as GrantStatus
from policies.proceedings import Moved
from policies.roles import Officer


class EmergencyMoved(Moved):
    """An opening, or what it rests on, has changed before it was written."""


@dataclass(frozen=True)
class EmergencyTransitions(TimeLimits):
    """Commands on openings. Safe for threads: one is changed only under the revision that was read."""

    database: Database
    ledger: Ledger
    clock: Clock

    def circumstances(self, connection: Connection, asked: Asked, now: datetime) -> Circumstances:
        """Whether the template is in force, and which reviews come first."""
        calendar, template, name = self.calendar(connection), asked.template, asked.template.partition("@")[0]
        living = (one for one in grants.living_of(connection, name) if one.status is GrantStatus.ACTIVE)
        in_force = any(one.grant.ref == template and one.grant.valid_from <= now < one.grant.valid_to for one in living)
        waiting = emergencies.unreviewed(connection, asked.consumer)
        same = (one for one in waiting if one.asked.case == asked.case)
        return Circumstances(
            in_force,
            overdue=tuple(one.id for one in waiting if is_overdue(one, calendar, now)),
            unreviewed=tuple(one.id for one in same if one.asked.template.partition("@")[0] == name),
        )

    def carry_out(self, command: Command, state: EmergencyState | None, actor: Officer, spend: Also) -> EmergencyState:
        """Do what an officer commands, and return the opening's new state.

        ``spend`` uses up the caller's proof in the same transaction. Raises NotAllowed, EmergencyMoved,
        LedgerUnavailable, InvalidEvent.
        """
        now = self.clock.now()
        (event,) = decide(command, state, actor, now)
        after = evolve(state, event)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            if isinstance(command, OpenEmergency):
                cases.lock(connection, after.asked.case)  # who is joining it now is not under this opening
            if isinstance(command, AskEmergency | OpenEmergency):
                # Read behind the ledger's lock: whatever ended the template meanwhile is seen.
                seen = self.circumstances(connection, after.asked, now)
                if seen != command.circumstances:
                    raise EmergencyMoved
            _store(connection, state, event, after)
            messages.put(connection, notices.of_emergency(event, after))

        record(self.ledger, [_entry(event, after, actor)], also, EmergencyMoved)
        return after


def _store(connection: Connection, before: EmergencyState | None, event: EmergencyEvent, after: EmergencyState) -> None:
    if before is None:
        emergencies.add(connection, after)
    elif not emergencies.change(connection, after, was=before.revision):
        raise EmergencyMoved
    emergencies.note(connection, after.id, Happened(after.revision, event.name, event.at, facts(event)))
    was_open = before is not None and before.status is Status.OPEN
    if was_open != (after.status is Status.OPEN):
        epoch.advance(connection)  # decisions read it: a release under what held before fails


def _entry(event: EmergencyEvent, after: EmergencyState, actor: Officer) -> Event:
    """The revision makes the entry unique."""
    said: dict[str, JSON] = {
        **facts(event),
        "template": after.asked.template,
        "case": after.asked.case,
        "consumer": after.asked.consumer,
        "status": after.status.value,
        "organisation": actor.organisation,
    }
    return Event(event.name, after.id, str(after.revision), said)
