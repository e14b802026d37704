"""Handing signals out: from the outbox into the queue of everybody who may hear of them, in one order for all.

Whether somebody may hear is decided at this moment, and again when the event leaves (``entitlement.withheld``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from exchange.events.entitlement import Rights, rights_of
from exchange.events.pseudonyms import Pseudonyms
from exchange.events.signal import Kind
from exchange.in_force.snapshot import Snapshot
from exchange.store import deliveries, signals, subscriptions
from exchange.store.deliveries import RELEASED, STATUS_TOLD
from exchange.store.signals import Kept
from exchange.store.subscriptions import Queued, Subscription
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.lease import Lease

AT_ONCE = 100
"""Signals handed out in one transaction."""
MOST_NAMED = 20
"""Cases of a subscriber that one event names: its newest."""
KEPT = timedelta(days=30)
"""How long what was acknowledged can be read again."""
RESTED_ON: Mapping[str, tuple[str, ...]] = {
    Kind.CERTIFICATE_CHANGED: (RELEASED, STATUS_TOLD),
    Kind.EVIDENCE_CORRECTED: (RELEASED,),
    Kind.EVIDENCE_UNDISPUTED: (RELEASED,),
}
"""By which outcomes somebody rests on what such a signal is about. Who was told that no certificate is on record, rests
on none, and does not learn that there is one.
"""
UNREAD = timedelta(days=90)
"""How long what was not fetched waits: after that a subscriber compares what it holds anew."""


@dataclass(frozen=True)
class Distribution:
    """Hands signals out. Any number of nodes may: one at a time, and each signal once."""

    database: Database
    policy: Lease[Snapshot]
    pseudonyms: Pseudonyms
    clock: Clock

    def round(self) -> int:
        """Hand out what waits now; how many signals. Raises LeaseLost, DatabaseUnavailable."""
        with self.database.read() as connection:
            if not signals.any_waiting(connection):
                return 0
        snapshot, done = self.policy.current(), 0
        while batch := self.database.write(lambda connection: self._hand_out(connection, snapshot)):
            done += batch
        return done

    def prune(self) -> None:
        """Forget what has long been delivered."""
        now = self.clock.now()
        before = now - KEPT

        def forget(connection: Connection) -> None:
            signals.prune(connection, before)
            subscriptions.prune(connection, before, now - UNREAD)

        self.database.write(forget)

    def _hand_out(self, connection: Connection, snapshot: Snapshot) -> int:
        signals.take_turn(connection)
        found = signals.waiting(connection, AT_ONCE)
        if not found:
            return 0
        now, everybody = self.clock.now(), subscriptions.living(connection)
        allowed = _rights(everybody, snapshot, now)
        for one in found:
            for subscription in everybody:
                queued = self._for(connection, one, subscription, snapshot, allowed[subscription.system])
                if queued is not None:
                    subscriptions.enqueue(connection, queued)
            signals.handed_out(connection, one.number, now)
        return len(found)

    def _for(
        self, connection: Connection, one: Kept, to: Subscription, snapshot: Snapshot, allowed: Rights
    ) -> Queued | None:
        """The event as one subscriber is told of it; None where it is not for them."""
        if one.kind not in to.kinds:
            return None
        if one.system:
            return self._queued(one, to, one.data) if one.system == to.system else None
        if one.evidence_type not in to.evidence_types or one.evidence_type not in allowed:
            return None
        if one.subject is None or snapshot.is_sealed(one.subject, self.clock.now()):
            return None
        held = deliveries.held_by(
            connection, to.organisation, one.evidence_type, one.subject, MOST_NAMED, RESTED_ON[one.kind]
        )
        if not held:
            return None  # it never had that evidence about them, so it does not learn that there is any
        named: list[JSON] = [{"case": case, "request": request} for case, request in held]
        return self._queued(one, to, {**one.data, "held": named})

    def _queued(self, one: Kept, to: Subscription, data: Mapping[str, JSON]) -> Queued:
        names = self.pseudonyms
        return Queued(
            subscription=to.id,
            id=names.of_event(to.id, one.cause),
            kind=one.kind,
            evidence_type=one.evidence_type,
            subject=names.of_subject(to.system, one.subject),
            data=data,
            at=one.at,
        )


def _rights(everybody: Sequence[Subscription], snapshot: Snapshot, now: datetime) -> Mapping[str, Rights]:
    systems = snapshot.registry.systems
    return {name: rights_of(snapshot, systems.get(name), now) for name in {each.system for each in everybody}}
