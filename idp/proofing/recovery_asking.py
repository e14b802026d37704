"""Asking for the way back in: the same work for every name, and no look at whether anybody has it.

What was typed is sealed into a row of one length and written with one entry; whom it names is found out afterwards
(`recovery_clerk`). So nothing of the answer, not even how long it took, can depend on whether there is such an account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from idp.askings import SealedNames
from idp.authentication.throttling import Throttle
from idp.model.asking import Asking
from idp.model.naming import canonical_username
from idp.store.askings import RECOVERIES
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

RECOVER = "/recover"
RECOVERY = "recovery"
"""The command in the entries; who asks, or stops it by a link, is not known, so only its end names an actor."""
ASKING_LASTS = timedelta(hours=24)
"""Longer than any outage after which a person would still want to hear of it."""


@dataclass(frozen=True, slots=True)
class RecoveryDoor:
    """Takes askings. Raises TooManyTries, LedgerUnavailable."""

    ledger: Ledger
    throttle: Throttle
    clock: Clock
    entropy: Entropy
    names: SealedNames

    def ask(self, username: str, address: str) -> None:
        """Keep that somebody asked: the same statements and the same number of bytes for every name."""
        name, now = canonical_username(username), self.clock.now()
        self.throttle.reserve(f"recovery of {name}", address)
        identity = new_id("rcv", self.clock, self.entropy)
        asking = Asking(identity, self.names.seal(identity, name), now, now + ASKING_LASTS)

        def also(connection: Connection, _receipts: object) -> None:
            RECOVERIES.add(connection, asking)

        facts: dict[str, JSON] = {"recovery": identity, "command": RECOVERY}
        self.ledger.append([Event("RecoveryAsked", identity, facts=facts)], also=also)
