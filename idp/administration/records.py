"""Changes by operators, each recorded in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger


@dataclass(frozen=True, slots=True)
class Records:
    """Writes a change and its entry together, or neither."""

    ledger: Ledger
    clock: Clock
    entropy: Entropy

    def make(
        self,
        name: str,
        facts: Mapping[str, JSON],
        change: Callable[[Connection], object],
        subject: SubjectRef | None = None,
    ) -> None:
        """Make a change under an entry of its own. Raises LedgerUnavailable and what ``change`` raises."""
        event = Event(name, new_id("adm", self.clock, self.entropy), facts=facts, subject=subject)

        def also(connection: Connection, _receipts: object) -> None:
            change(connection)

        self.ledger.append([event], also=also)
