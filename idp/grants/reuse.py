"""When something single-use comes twice: everything that stems from it is revoked, and that is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from idp.model.session import Family
from idp.store import families
from kernel.clock import Clock
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger


@dataclass(frozen=True, slots=True)
class ReuseAlarm:
    """Revokes a family (RFC 9700 §4.14.2, RFC 6749 §4.1.2)."""

    ledger: Ledger
    clock: Clock

    def raised(self, family: Family, what: str) -> None:
        """Revoke first, record second: the revocation must not wait until it can be recorded. One entry per family."""
        now = self.clock.now()
        self.ledger.in_turn(lambda connection: families.revoke(connection, family.id, now))
        self.ledger.append([Event("TokenReused", family.id, facts={"client": family.client_id, "what": what})])
