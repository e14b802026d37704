"""Looking people up one after another is noticed, and ends: the system is locked on every node (ADR 0052).

Counted are people whom a system looks up while nobody is present. A call only remembers them in memory; every second,
and at once where a node alone has seen as many as the system may look up in an hour, they are written down and counted
over all nodes. What counts against the declared limit are people whose cases have not progressed; ten times as many are
too many in any case.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from exchange.catalogue.model import System
from exchange.messages import notices
from exchange.store import epoch, messages, system_locks
from exchange.store.system_locks import Lock
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.metrics import Metrics

LOCKED = "SystemLocked"
HOUR = timedelta(hours=1)
IN_ANY_CASE = 10
"""How many times the limit are too many, however well their cases progress."""


@dataclass(slots=True)
class _Seen:
    system: System
    people: dict[bytes, str] = field(default_factory=dict)


class _IsLocked(Exception):
    """Another node was faster."""


class Watch:
    """Remembers whom systems look up, and locks those that look up too many. Safe for threads."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock, entropy: Entropy, metrics: Metrics) -> None:
        """The counter is ``tongban_systems_locked_total``."""
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._entropy = entropy
        self._count = metrics.counter("systems_locked", "Systems locked for looking up too many people.")
        self._lock = threading.Lock()
        self._seen: dict[str, _Seen] = {}

    def note(self, system: System, case: str, people: Iterable[bytes]) -> None:
        """These people (blind indexes) are looked up in this case; in memory, unless there were too many by now."""
        with self._lock:
            seen = self._seen.setdefault(system.name, _Seen(system))
            seen.system = system
            seen.people.update(dict.fromkeys(people, case))
            full = len(seen.people) >= system.people_per_hour
        if full:
            self.look()

    def look(self) -> None:
        """Write down whom this node saw, and lock what is over its limit.

        Raises DatabaseUnavailable, LedgerUnavailable.
        """
        with self._lock:
            taken, self._seen = self._seen, {}
        waiting = [*taken.values()]
        try:
            while waiting:
                self._look_at(waiting[-1])
                waiting.pop()
        finally:
            self._take_back(waiting)

    def _take_back(self, unwritten: Iterable[_Seen]) -> None:
        """What could not be written down is not forgotten."""
        with self._lock:
            for seen in unwritten:
                now = self._seen.setdefault(seen.system.name, _Seen(seen.system))
                now.people = seen.people | now.people

    def _look_at(self, seen: _Seen) -> None:
        now, system = self._clock.now(), seen.system

        def write(connection: Connection) -> system_locks.People:
            system_locks.note(connection, system.name, seen.people, now)
            return system_locks.people_of(connection, system.name, now - HOUR)

        found = self._database.write(write)
        limit = system.people_per_hour
        if found.stalled > limit or found.total > limit * IN_ANY_CASE:
            self._lock_out(system, found.stalled if found.stalled > limit else found.total)

    def _lock_out(self, system: System, people: int) -> None:
        name, now = new_id("lock", self._clock, self._entropy), self._clock.now()
        lock = Lock(name, system.name, system.organisation, people, system.people_per_hour, now)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            if system.name in system_locks.standing(connection):
                raise _IsLocked
            system_locks.add(connection, lock)
            epoch.advance(connection)  # every node decides by it within a second, or refuses
            messages.put(connection, notices.system_locked(lock))

        facts: dict[str, JSON] = {
            "system": lock.system,
            "consumer": lock.organisation,
            "people": people,
            "limit": lock.limit,
        }
        try:
            self._ledger.append([Event(LOCKED, name, facts=facts)], also=also)
        except _IsLocked:
            return
        self._count.inc()
        structlog.get_logger(__name__).error("system locked", system=system.name, people=people)

    def tidy(self) -> None:
        """Forget whom systems looked up longer ago than an hour."""
        before = self._clock.now() - HOUR
        self._database.write(lambda connection: system_locks.prune(connection, before))
