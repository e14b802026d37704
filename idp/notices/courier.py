"""The courier: a thread that hands over what is due. Any number of nodes may run one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta

from idp.authentication.sealing import PersonVault
from idp.notices.channels import still_confirmed
from idp.notices.kinds import LETTING_IN
from idp.notices.outbox import opened
from idp.notices.sender import Message, NotDelivered, Sender, Undeliverable
from idp.store import notices, people
from idp.store.notices import Outcome, StoredNotice
from kernel.background import Ticker
from kernel.clock import Clock
from kernel.database import Database
from kernel.envelope import CannotOpen
from kernel.logging import logger

LEASE = timedelta(seconds=60)
"""Longer than any sender takes; a node that died holds a notice no longer than this."""
LONGEST_DELAY = timedelta(hours=1)
EVERY_SECONDS = 1.0
_AT_ONCE = 20


def delay(tries: int) -> timedelta:
    """How long to wait after so many failed tries: 5 s, doubling, up to an hour."""
    return min(timedelta(seconds=5 * 2 ** min(max(tries, 1) - 1, 12)), LONGEST_DELAY)


@dataclass
class Courier:
    """Delivers until it is closed. Delivery is at least once: a crash after the hand-over repeats it, by its id."""

    database: Database
    vault: PersonVault
    sender: Sender
    clock: Clock
    _closing: threading.Event = field(default_factory=threading.Event)
    _ticker: Ticker = field(init=False)

    def __post_init__(self) -> None:
        """Made, and not started."""
        self._ticker = Ticker("courier", EVERY_SECONDS, self._rounds)

    def start(self) -> None:
        """Begin."""
        self._ticker.start()

    def round(self) -> int:
        """Hand over everything that is due now; how many were tried."""
        now = self.clock.now()
        with self.database.read() as connection:
            due = notices.due(connection, now, _AT_ONCE)
        return sum(self._carry(notice_id) for notice_id in due)

    def close(self) -> None:
        """Stop, after the message under way."""
        self._closing.set()
        self._ticker.stop(patience=15.0)

    def _carry(self, notice_id: str) -> bool:
        """Claim one notice and hand it over; False when another node was faster."""
        now = self.clock.now()
        claimed = self.database.write(lambda connection: notices.claim(connection, notice_id, now, now + LEASE))
        if claimed is None:
            return False
        outcome = self._outcome(claimed)
        if outcome is None:
            later = self.clock.now() + delay(claimed.tries)
            self.database.write(lambda connection: notices.postpone(connection, notice_id, later))
        else:
            self.database.write(lambda connection: notices.settle(connection, notice_id, outcome, self.clock.now()))
        return True

    def _outcome(self, claimed: StoredNotice) -> Outcome | None:
        """What became of a try; None when it is worth another. Logs name the notice's id and kind alone."""
        try:
            self.sender.deliver(self._message(claimed))
        except NotDelivered as error:
            logger("idp").warning("notice_delayed", notice=claimed.id, kind=claimed.kind, reason=str(error))
            return None
        except (Undeliverable, CannotOpen) as error:
            logger("idp").warning("notice_given_up", notice=claimed.id, kind=claimed.kind, reason=str(error))
            return Outcome.GIVEN_UP
        return Outcome.DELIVERED

    def _message(self, claimed: StoredNotice) -> Message:
        """What to hand over. Raises CannotOpen, and Undeliverable for a key to an account whose address is no longer
        its person's."""
        with self.database.read() as connection:
            wrapped = people.data_key(connection, claimed.person)
            message = opened(self.vault, claimed, wrapped)
            letting_in = claimed.kind in LETTING_IN
            if letting_in and not still_confirmed(connection, self.vault, claimed.person, wrapped, message.to):
                raise Undeliverable("no longer a confirmed channel")
        return message

    def _rounds(self) -> None:
        while self.round() and not self._closing.is_set():
            pass
