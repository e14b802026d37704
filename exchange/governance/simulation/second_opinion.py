"""A sample of what was decided, judged by cedarpy once it is recorded: beside the traffic, on no request's way."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

import structlog

from exchange.catalogue.reading import InvalidCatalogue
from exchange.gateway.enforcement import decision_name
from exchange.governance.simulation.rules import RulesOfThen
from exchange.in_force.snapshot import Snapshot
from exchange.store import decisions
from exchange.store.decisions import LoggedDecision
from kernel.canonical import JSON
from kernel.database import Database
from kernel.lease import Lease
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.metrics import Metrics
from policies import recorded
from policies.admission import unregistered
from policies.both_engines import Judges
from policies.decision import Decision, Deny
from policies.grants.terms import InvalidGrant
from policies.hierarchy import InvalidRegistry
from policies.index import InvalidImage, PolicyImage
from policies.model import AccessRequest

DISAGREED = "EnginesDisagreed"
"""The entry about a decision that cedarpy would have made otherwise."""
MOST_AT_ONCE = 200
"""Entries of the sample that one round looks at; the next goes on behind them."""


class SecondOpinion:
    """Judges one logged decision in so many, each under the rules it was made by. For one thread."""

    def __init__(
        self, database: Database, ledger: Ledger, policy: Lease[Snapshot], metrics: Metrics, one_in: int
    ) -> None:
        """``one_in`` 0: none. What was logged before the first round is left to the nodes that were there."""
        self._database = database
        self._ledger = ledger
        self._policy = policy
        self._one_in = one_in
        self._judged = metrics.counter("second_opinions", "Decisions judged by a second engine.", ("result",))
        self._last: int | None = None

    def round(self) -> int:
        """Judge the sample of what was logged since the last round; how much that was.

        Raises DatabaseUnavailable, LeaseLost, LedgerUnavailable.
        """
        if self._one_in == 0:
            return 0
        snapshot = self._policy.current()
        with self._database.read() as connection:
            newest = decisions.newest(connection)
            after = newest if self._last is None else self._last
            entries = [*islice(sample(after, newest, self._one_in), MOST_AT_ONCE)]
            chosen = decisions.beside(connection, entries)
            rules = RulesOfThen(connection, snapshot)
            disputed = [one for one in chosen.values() if self._differs(rules, one)]
        for one in disputed:
            self._tell(one)
        # Last of all: what failed is judged again, and what did not fit into this round is the next one's.
        self._last = entries[-1] if len(entries) == MOST_AT_ONCE else newest
        return len(chosen)

    def _differs(self, rules: RulesOfThen, logged: LoggedDecision) -> bool:
        if logged.rules != recorded.rules():
            return False
        try:
            image = rules.of(logged).image
        except (InvalidCatalogue, InvalidGrant, InvalidImage, InvalidRegistry):
            return False  # replay tells of it
        request = recorded.Asked(logged.asked).at(logged.at, logged.consent_from, logged.consent_until)
        differs = unregistered(request, image.registry) is None and not agrees(image, request, logged.verdict)
        self._judged.labels("differs" if differs else "agrees").inc()
        return differs

    def _tell(self, logged: LoggedDecision) -> None:
        name = decision_name(logged.request_id, logged.item, logged.epoch)
        structlog.get_logger(__name__).error("decision engines disagree", decision=name)
        facts: dict[str, JSON] = {"sampled": name, "evidence_type": logged.evidence_type, "epoch": logged.epoch}
        self._ledger.append([Event(DISAGREED, logged.request_id, str(logged.item), facts)])


def agrees(image: PolicyImage, request: AccessRequest, verdict: str) -> bool:
    """Whether cedarpy decides a registered request as it was decided; why they refuse, each says in its own way."""
    judged: Decision = Judges(image).judge(request)
    if recorded.is_permit(verdict):
        return recorded.verdict(judged) == verdict
    return isinstance(judged, Deny)


def sample(after: int, last: int, one_in: int) -> Iterator[int]:
    """One entry of each so many behind ``after`` up to ``last``.

    Every node finds the same ones, and no rhythm in which entries are written avoids them.
    """
    for block in range((after + 1) // one_in, last // one_in + 1):
        chance = int.from_bytes(sha256(str(block).encode()).digest()[:8])
        entry = block * one_in + chance % one_in
        if after < entry <= last:
            yield entry
