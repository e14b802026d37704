"""Grants whose time ran out: decisions refuse them from that instant by themselves; here it becomes an entry and a
state.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchange.governance.transitions import EXCHANGE, GrantMoved, Transitions, nothing_to_spend
from exchange.store import grants
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
                self.transitions.record(steps, EXCHANGE, nothing_to_spend)
            except GrantMoved:
                continue  # an officer, or another node, was faster
        return len(ended)
