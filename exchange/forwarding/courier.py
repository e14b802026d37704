"""The courier: makes posts of what waits and takes them to the addresses of offices. Any number of nodes may run one.

Webhooks that failed or were slow share lanes of their own, and mail has others: a mail server that hangs holds up mail.
A post is tried again, later and later. An address that cannot be reached for about a day, or says that it wants none,
is parked, and its office is told in the inbox. What waits for a parked address goes out once it is proven again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from http import HTTPStatus

import orjson
from sqlalchemy import Connection

from exchange.clocks.rules import read as read_rules
from exchange.events.signing import signed_headers
from exchange.events.webhooks import Send
from exchange.forwarding.addresses import Addresses
from exchange.forwarding.links import Links
from exchange.forwarding.posts import Contents, as_event, as_mail
from exchange.forwarding.transitions import CHANGED, facts_of
from exchange.messages import notices
from exchange.store import forwardings, messages
from exchange.store.forwardings import AT_ONCE, DELIVERED, DIGEST, PROOF, Forwarding, Post
from kernel.clock import Clock
from kernel.database import Database
from kernel.dates import local_day, local_hour
from kernel.entropy import Entropy
from kernel.envelope import CannotOpen
from kernel.ids import new_id
from kernel.keys import KeyRing
from kernel.lanes import Lanes
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.logging import logger
from kernel.mail import Mail, NotDelivered, Undeliverable
from kernel.metrics import Metrics
from kernel.outbound import OutboundFailed, OutboundRefused
from policies.forwarding import Status, Way

SendMail = Callable[[Mail], None]
"""Hands a mail over. Raises NotDelivered, Undeliverable."""

LEASE = timedelta(seconds=60)
"""Longer than any carrier takes: a mail has half a minute and its way there. Whoever died holds a post no longer."""
FIRST_DELAY, LONGEST_DELAY = 5, 900
"""Seconds after the first failure and at most; doubled in between."""
MOST_TRIES = 100
"""In a row: about a day."""
PROMPT, TARDY = 4, 2
"""Posts of each way under way at the same time on one node: to addresses that were quick so far, and to the others."""


def no_mail(_mail: Mail) -> None:
    """Stands in where the installation sends no mail any more: addresses entered before wait. Raises NotDelivered."""
    raise NotDelivered("no mail is sent here")


def delay(tries: int) -> timedelta:
    """How long to wait after so many failed tries: 5 s, doubling, up to a quarter of an hour."""
    return timedelta(seconds=min(FIRST_DELAY << min(max(tries, 1) - 1, 12), LONGEST_DELAY))


@dataclass
class Courier:
    """Delivers what is due. Delivery is at least once: a crash after the hand-over repeats it, by its id."""

    database: Database
    ledger: Ledger
    keys: KeyRing
    addresses: Addresses
    links: Links
    send_mail: SendMail
    call: Send
    clock: Clock
    entropy: Entropy
    metrics: Metrics
    digest_hour: int

    def __post_init__(self) -> None:
        self._lanes = {way: Lanes(f"forwarding-{way.value}", self.clock, prompt=PROMPT, tardy=TARDY) for way in Way}
        self._tried = self.metrics.counter(
            "forwarding_posts", "Posts to offices by way and outcome of a try.", ("way", "outcome")
        )

    def round(self) -> int:
        """Make posts of what waits and begin to hand over what is due; how many. Does not wait for any of them."""
        self._gather()
        with self.database.read() as connection:
            due = forwardings.due(connection, self.clock.now())
        return sum(
            self._lanes[way].begin(post.id, post.forwarding, partial(self._serve, post), again=post.tries > 0)
            for post, way in due
        )

    def settle(self, seconds: float) -> None:
        """Wait for what is under way, at most so long for each way."""
        for lanes in self._lanes.values():
            lanes.settle(seconds)

    def close(self) -> None:
        """Take up nothing more; what is under way ends within its time limit, or its lease does."""
        for lanes in self._lanes.values():
            lanes.close()

    def _serve(self, seen: Post) -> None:
        try:
            self._carry(seen)
        except Exception as fault:  # noqa: BLE001 - the lease ends by itself; a lane must outlive every failure
            logger("exchange").warning("forwarding_waits", post=seen.id, reason=type(fault).__name__)

    def _gather(self) -> None:
        """What is not to wait at once; the rest in one post a working day, from the configured hour on."""
        now = self.clock.now()
        with self.database.read() as connection:
            today = self._digest_day(connection, now)
            waiting = forwardings.with_something_waiting(connection, today)
        for name, at_once in waiting:
            post = Post(new_id("fwp", self.clock, self.entropy), name, AT_ONCE if at_once else DIGEST, now, now)
            self.database.write(partial(forwardings.gather, made=post, today=None if at_once else today))

    def _digest_day(self, connection: Connection, now: datetime) -> date | None:
        today = local_day(now)
        open_today = read_rules(connection).calendar(today).is_working(today)
        return today if open_today and local_hour(now) >= self.digest_hour else None

    def _carry(self, seen: Post) -> None:
        """Claim one post and hand it over, unless another node was faster."""
        until = self.clock.now() + LEASE
        held = self.database.write(lambda connection: forwardings.claim(connection, seen, until))
        if held is None:
            return
        with self.database.read() as connection:
            one = forwardings.find(connection, held.forwarding)
            contents = Contents(forwardings.messages_of(connection, held.id))
        if one is None or not forwardings.is_for(held, one):
            return  # it was ended or is to be proven again: its posts are settled, or wait
        if held.kind != PROOF and not contents.messages:
            return  # all that was in it was ordered off meanwhile
        reason, final = self._handed_over(one, held, contents)
        self._tried.labels(one.way.value, "delivered" if not reason else "refused" if final else "failed").inc()
        if not reason:
            now = self.clock.now()
            self.database.write(lambda connection: forwardings.settle(connection, held, DELIVERED, now))
        elif final or held.tries >= MOST_TRIES:
            self._park(one, held, reason)
        else:
            later = self.clock.now() + delay(held.tries)
            self.database.write(
                lambda connection: forwardings.put_back(connection, held, later, reason, tries=held.tries)
            )

    def _handed_over(self, one: Forwarding, post: Post, contents: Contents) -> tuple[str, bool]:
        """Why a post did not arrive ('' when it did), and whether trying again makes no sense. Logs name ids alone."""
        try:
            address = self.addresses.open(one)
            if one.way is Way.WEBHOOK:
                return self._called(address, one, post, contents)
            mail = as_mail(one, address, post, contents, self.links)
            with self._lanes[one.way].timed(one.id):
                self.send_mail(mail)
        except NotDelivered as trouble:
            logger("exchange").warning("forwarding_delayed", post=post.id, reason=str(trouble))
            return "mail-delayed", False
        except Undeliverable as trouble:
            logger("exchange").warning("forwarding_refused", post=post.id, reason=str(trouble))
            return "mail-refused", True
        except CannotOpen:  # a key that this node lacks may come back: that must not park every address either
            return "address-unreadable", False
        return "", False

    def _called(self, url: str, one: Forwarding, post: Post, contents: Contents) -> tuple[str, bool]:
        body = orjson.dumps(as_event(one, post, contents, self.links))
        headers = signed_headers(url, body, post.id, self.clock.now(), self.keys.signing())
        try:
            with self._lanes[one.way].timed(one.id):
                status = self.call(url, body, headers)
        except OutboundRefused:
            return "address-not-admitted", True
        except OutboundFailed:
            return "no-answer", False
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return "", False
        return f"status-{status}", status == HTTPStatus.GONE

    def _park(self, seen: Forwarding, held: Post, reason: str) -> None:
        """Nothing more goes there until it is proven again; the entry and the office's message go with it."""
        now = self.clock.now()
        after = replace(seen, status=Status.PARKED, revision=seen.revision + 1, trouble=reason)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            if not forwardings.change(connection, seen, after):
                raise _Overtaken
            if held.kind == PROOF:
                forwardings.settle(connection, held, forwardings.GIVEN_UP, now, reason)
            else:
                forwardings.put_back(connection, held, now, reason, tries=0)
            messages.put(connection, [notices.forwarding_parked(after, reason, now)])

        facts = {**facts_of(after), "reason": reason}
        try:
            self.ledger.append([Event(CHANGED, after.id, str(after.revision), facts)], also=also)
        except _Overtaken:
            return  # its office changed or ended it meanwhile: that counts


class _Overtaken(Exception):
    """Somebody changed the address meanwhile."""
