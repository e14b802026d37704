"""Pushing events: each subscription is taken by one node at a time, its events in order, each signed afresh for a try.

A subscriber that answers with an error or not at all is tried again, later and later; its own queue waits, nobody
else's does: those that failed or were slow share a lane of their own. Whoever cannot be reached for long is parked, and
its department is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

import orjson
from sqlalchemy import Connection

from exchange.catalogue.model import Status as SystemStatus
from exchange.catalogue.model import System
from exchange.events.cloud_event import cloud_event
from exchange.events.entitlement import withheld
from exchange.events.pseudonyms import Pseudonyms
from exchange.events.signing import signed_headers
from exchange.events.transitions import MOVED, facts_of
from exchange.events.webhooks import Send
from exchange.in_force.snapshot import Snapshot
from exchange.messages import notices
from exchange.store import messages, subscriptions
from exchange.store.subscriptions import Queued, Subscription
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.keys import KeyRing
from kernel.lanes import Lanes
from kernel.lease import Lease
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.logging import logger
from kernel.outbound import OutboundFailed, OutboundRefused
from policies.subscriptions import Status

PROMPT, TARDY = 6, 2
"""Subscribers called at the same time by one node: those that answered quickly so far, and the others."""
LEASE = timedelta(seconds=60)
"""How long a node that died holds a subscription at most."""
MARGIN = timedelta(seconds=15)
"""Left of a lease when the last call is begun: longer than any call takes."""
AT_ONCE = 20
"""Events delivered before a subscription is put back in line."""
FIRST_DELAY, LONGEST_DELAY = 2.0, 3600.0
"""Seconds after the first failure and at most; doubled in between, each spread over half to one and a half of it."""
MOST_TRIES = 24
"""In a row, over about half a day; then a subscription is parked."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an event did not arrive, without anything the other side wrote; ``final``: trying again makes no sense."""

    reason: str
    final: bool = False


@dataclass
class Courier:
    """Delivers what waits. Safe for threads; any number of nodes may run one."""

    origin: str
    database: Database
    ledger: Ledger
    policy: Lease[Snapshot]
    keys: KeyRing
    send: Send
    names: Pseudonyms
    clock: Clock
    entropy: Entropy

    def __post_init__(self) -> None:
        self._lanes = Lanes("events", self.clock, prompt=PROMPT, tardy=TARDY)

    def round(self) -> int:
        """Begin what is due and not under way here; how many subscribers. Does not wait for any of them."""
        with self.database.read() as connection:
            due = subscriptions.due(connection, self.clock.now())
        return sum(
            self._lanes.begin(each.id, each.id, partial(self._serve, each), again=each.tries > 0) for each in due
        )

    def settle(self, seconds: float) -> None:
        """Wait for what is under way, at most so long."""
        self._lanes.settle(seconds)

    def close(self) -> None:
        """Take up nothing more; what is under way ends within its time limit, or its lease does."""
        self._lanes.close()

    def _serve(self, seen: Subscription) -> None:
        try:
            self.deliver(seen)
        except Exception as fault:  # noqa: BLE001 - the lease ends by itself; a lane must outlive every failure
            logger("exchange").warning("events_wait", reason=type(fault).__name__)

    def deliver(self, seen: Subscription) -> int:
        """Take a subscription and push what waits for it, in order; how many events arrived.

        Raises LeaseLost, DatabaseUnavailable, LedgerUnavailable; what was not noted as arrived is pushed again.
        """
        until = self.clock.now() + LEASE
        held = self.database.write(lambda connection: subscriptions.claim(connection, seen, until))
        if held is None:
            return 0  # another node was faster, or it was paused
        done = 0
        snapshot = self.policy.current()
        system = snapshot.registry.systems.get(held.system)
        with self.database.read() as connection:
            waiting = subscriptions.queue(connection, held.id, held.settled, AT_ONCE)
        kept_back = withheld(waiting, system, snapshot, self.names, self.clock.now())
        for event in waiting:
            if self.clock.now() > until - MARGIN:
                break
            trouble = None if event.number in kept_back else self._push(event, system)
            if trouble is not None:
                self._failed(held if not done else replace(held, tries=0), trouble)
                return done
            if not self._arrived(held, event):
                return done  # somebody paused or ended it, or the lease was over: it may arrive twice
            done += 1
        self._put_back(held, 0, self.clock.now())
        return done

    def _push(self, event: Queued, system: System | None) -> Trouble | None:
        url = None if system is None or system.status is not SystemStatus.ACTIVE else system.webhook
        if url is None:
            return Trouble("no-address", final=True)
        body = orjson.dumps(cloud_event(event, self.origin))
        headers = signed_headers(url, body, event.id, self.clock.now(), self.keys.signing())
        try:
            with self._lanes.timed(event.subscription):
                status = self.send(url, body, headers)
        except OutboundRefused:
            return Trouble("address-not-admitted", final=True)
        except OutboundFailed:
            return Trouble("no-answer")
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return None
        return Trouble(f"status-{status}", final=status == HTTPStatus.GONE)

    def _arrived(self, held: Subscription, event: Queued) -> bool:
        return self.database.write(lambda connection: subscriptions.arrived(connection, held, event.number))

    def _put_back(self, held: Subscription, tries: int, due_at: datetime, trouble: str = "") -> None:
        self.database.write(lambda connection: subscriptions.put_back(connection, held, tries, due_at, trouble))

    def _failed(self, held: Subscription, trouble: Trouble) -> None:
        tries = held.tries + 1
        if trouble.final or tries >= MOST_TRIES:
            self._park(held, trouble, tries)
        else:
            self._put_back(held, tries, self.clock.now() + self._delay(tries), trouble.reason)

    def _delay(self, tries: int) -> timedelta:
        longest = min(FIRST_DELAY * 2.0 ** (tries - 1), LONGEST_DELAY)
        spread = 0.5 + int.from_bytes(self.entropy.bytes(4), "big") / (1 << 32)
        return timedelta(seconds=longest * spread)

    def _park(self, held: Subscription, trouble: Trouble, tries: int) -> None:
        now = self.clock.now()
        after = replace(held, status=Status.PARKED, revision=held.revision + 1)
        told = notices.subscription_parked(held.id, held.organisation, held.system, after.revision, now)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            if not subscriptions.move(connection, held, Status.PARKED, now, trouble.reason):
                raise Overtaken
            messages.put(connection, [told])

        facts = facts_of(after) | {"reason": trouble.reason, "tries": tries}
        try:
            self.ledger.append([Event(MOVED, held.id, str(after.revision), facts)], also=also)
        except Overtaken:
            return  # it was paused, ended or taken up again meanwhile: that counts


class Overtaken(Exception):
    """Somebody changed the subscription meanwhile."""
