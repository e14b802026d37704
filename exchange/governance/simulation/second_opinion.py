"""A sample of what was decided, judged by cedarpy once it is recorded: beside the traffic, on no request's way."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

import structlog
from sqlalchemy import Connection

from exchange.catalogue.reading import InvalidCatalogue
from exchange.gateway.enforcement import decision_name
from exchange.gateway.lease import Lease
from exchange.gateway.snapshot import Snapshot
from exchange.governance.simulation.rules import rules_of
from exchange.store import decisions
from exchange.store.decisions import LoggedDecision
from kernel.canonical import JSON
from kernel.database import Database
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.metrics import Metrics
from policies import recorded
from policies.admission import unregistered
from policies.both_engines import Judges
from policies.decision import Decision, Deny, Permit
from policies.grant_terms import InvalidGrant
from policies.hierarchy import InvalidRegistry
from policies.index import InvalidImage, PolicyImage
from policies.model import AccessRequest

DISAGREED = "EnginesDisagreed"
"""The entry about a decision that cedarpy would have made otherwise."""
MOST_AT_ONCE = 200
"""Decisions that one round judges."""


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
            after, self._last = newest if self._last is None else self._last, newest
            chosen = decisions.beside(connection, [*islice(sample(after, newest, self._one_in), MOST_AT_ONCE)])
            disputed = [one for one in chosen.values() if self._differs(connection, snapshot, one)]
        for one in disputed:
            self._tell(one)
        return len(chosen)

    def _differs(self, connection: Connection, snapshot: Snapshot, logged: LoggedDecision) -> bool:
        if logged.rules != recorded.rules():
            return False
        try:
            image = rules_of(connection, snapshot, logged).image
        except (InvalidCatalogue, InvalidGrant, InvalidImage, InvalidRegistry):
            return False  # replay tells of it
        request = recorded.Asked(logged.asked).at(logged.at, logged.consent_from, logged.consent_until)
        differs = unregistered(request, image.registry) is None and not agree(image, request)
        self._judged.labels("differs" if differs else "agrees").inc()
        return differs

    def _tell(self, logged: LoggedDecision) -> None:
        name = decision_name(logged.request_id, logged.item, logged.epoch)
        structlog.get_logger(__name__).error("decision engines disagree", decision=name)
        facts: dict[str, JSON] = {"sampled": name, "evidence_type": logged.evidence_type, "epoch": logged.epoch}
        self._ledger.append([Event(DISAGREED, logged.request_id, str(logged.item), facts)])


def agree(image: PolicyImage, request: AccessRequest) -> bool:
    """Whether both engines decide a registered request alike; why they refuse, each says in its own way."""
    clerk: Decision = image.decide(request)
    judge: Decision = Judges(image).judge(request)
    return clerk == judge if isinstance(clerk, Permit) else isinstance(judge, Deny)


def sample(after: int, last: int, one_in: int) -> Iterator[int]:
    """One entry of each so many behind ``after`` up to ``last``.

    Every node finds the same ones, and no rhythm in which entries are written avoids them.
    """
    for block in range((after + 1) // one_in, last // one_in + 1):
        chance = int.from_bytes(sha256(str(block).encode()).digest()[:8])
        entry = block * one_in + chance % one_in
        if after < entry <= last:
            yield entry
