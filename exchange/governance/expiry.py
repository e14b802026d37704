"""Grants whose time ran out: decisions refuse them from that instant by themselves; here it becomes an entry and a
state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from exchange.governance.transitions import EXCHANGE, GrantMoved, Transitions
from exchange.store import grants
from kernel.ledger.receipt import Receipt
from policies.commands import ExpireGrant
from policies.events import Status


@dataclass(frozen=True)
class Expiry:
    """Ends grants past their end."""

    transitions: Transitions

    def sweep(self) -> int:
        """Record every active or suspended grant whose end has come; how many. Raises LedgerUnavailable."""
        now = self.transitions.clock.now()
        with self.transitions.database.read() as connection:
            standing = [*grants.active(connection), *grants.listed(connection, status=Status.SUSPENDED)]
        ended = [state for state in standing if now >= state.grant.valid_to]
        for state in ended:
            steps = self.transitions.steps(ExpireGrant(), state, EXCHANGE, (state,))
            try:
                self.transitions.record(steps, EXCHANGE, _nothing_to_spend)
            except GrantMoved:
                continue  # an officer, or another node, was faster
        return len(ended)


def _nothing_to_spend(_connection: Connection, _receipts: Sequence[Receipt]) -> None:
    """Time carries no proof."""
