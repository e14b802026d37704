"""What operators do from the terminal, on the machine itself: the catalogue, grants, erasure. No service needs to
run.

Whoever can read the configuration and its keys may do this; everything that changes anything is a ledger entry all
the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from connectors import installed
from connectors import registry as connectors
from connectors.adapters import Adapter
from exchange.app import open_outside
from exchange.catalogue import manifests
from exchange.catalogue.applying import Applying, Change, Plan
from exchange.catalogue.grant_drafts import grant_of, manifest_of
from exchange.catalogue.kinds import GRANT
from exchange.catalogue.manifests import CheckConnector
from exchange.catalogue.reading import Document
from exchange.catalogue.registry import Registry
from exchange.catalogue.responsibility import as_csv, duties
from exchange.catalogue.trying import tried
from exchange.clocks.rules import Rules
from exchange.clocks.rules import read as read_rules
from exchange.connecting import Connecting
from exchange.governance.decisions.retelling import DecisionName, entries_of
from exchange.governance.decisions.views import decision_view
from exchange.governance.examination import Examining
from exchange.governance.explaining import explanation
from exchange.governance.forms import EXPLAIN, Question
from exchange.governance.simulation.impact import simulate
from exchange.governance.simulation.replay import Replayed, replay
from exchange.governance.transitions import Transitions
from exchange.governance.views import examination_view, grant_view
from exchange.outside import Outside
from exchange.proceedings import nothing_to_spend
from exchange.requests.views import request_view, whole_view
from exchange.rooms import Rooms, furnish
from exchange.store import access_requests, catalogue, grants
from exchange.store.access_requests import Filter
from exchange.store.decisions import Period
from exchange.transparency.reconciling import Progress, Reconciliation, Reconciling
from kernel.canonical import JSON
from kernel.clock import Clock, SystemClock
from kernel.dates import local_day
from kernel.entropy import Entropy, SystemEntropy
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.log import Ledger
from kernel.settings import ExchangeSettings
from policies.grants.commands import SuspendGrant
from policies.grants.events import GrantState
from policies.grants.grant import Grant
from policies.requests.events import RequestState
from policies.requests.events import Status as RequestStatus
from policies.roles import Officer, Role

OPERATOR = Officer("operator", "", frozenset({Role.GOVERNANCE_OFFICER}))
"""Who the ledger names for what is done from the terminal.

It drafts and stops; it sits on no panel and signs nothing.
"""


MOST_REPLAYED = 10_000_000
"""Decisions that a proposal is held against from the terminal."""

READER = Officer("operator", "", frozenset({Role.AUDITOR}))
"""The operator as a reader of access requests: no command on one is given from the terminal."""

MOST_REQUESTS = 10_000


@contextmanager
def open_administration(
    settings: ExchangeSettings, *, clock: Clock | None = None, entropy: Entropy | None = None
) -> Iterator[Administration]:
    """The exchange's administration, closed again at the end.

    Raises UnsafeDatabase, DatabaseUnavailable, KeyRingError.
    """
    outside = open_outside(settings, clock or SystemClock(), entropy or SystemEntropy(), serving=False)
    rooms = furnish(outside)
    try:
        adapters = installed.discover().adapters
        yield Administration(outside, rooms, partial(connectors.findings, adapters=adapters), adapters)
    finally:
        rooms.close()
        outside.ledger.close()
        outside.database.close()


@dataclass(frozen=True)
class Administration:
    """Commands on one exchange."""

    outside: Outside
    rooms: Rooms
    check_connector: CheckConnector = connectors.findings
    adapters: Mapping[str, Adapter] = field(default_factory=lambda: connectors.STANDARD)

    def diff(self, paths: Iterable[Path]) -> tuple[Change, ...]:
        """What applying these manifests would change. Raises ManifestError."""
        return self._applying().plan(paths, OPERATOR).changes

    def apply(self, paths: Iterable[Path]) -> tuple[Change, ...]:
        """Apply manifests; grants become drafts only. Raises ManifestError, GrantMoved, LedgerUnavailable."""
        plan: Plan = self._applying().plan(paths, OPERATOR)
        self._applying().apply(plan, OPERATOR)
        return plan.changes

    def export(self) -> str:
        """Everything as manifests (YAML), in the order of ``documents``."""
        return yaml.safe_dump_all(self.documents(), allow_unicode=True, sort_keys=False)

    def documents(self) -> list[Mapping[str, Any]]:
        """Everything as manifests: the catalogue, then the newest version of every grant."""
        with self.outside.database.read() as connection:
            documents: list[Mapping[str, Any]] = list(catalogue.read_all(connection).values())
            newest = {state.grant.id: state for state in grants.listed(connection)}
        return documents + [manifest_of(state.grant) for state in newest.values()]

    def responsibility(self, organisation: str | None, language: str) -> str:
        """The responsibility list as CSV, of one department when it is named."""
        return as_csv(duties(self._registry(), organisation), language)

    def reconcile(self, progress: Progress) -> Reconciliation:
        """Whether the log, what providers count from and what people find agree. Raises DatabaseUnavailable."""
        return Reconciling(self.outside.database, self.outside.ledger, self.outside.clock).reconcile(progress)

    def grants(self) -> list[dict[str, JSON]]:
        """Every grant and version, with status, digest and its sentence in both languages."""
        registry = self._registry()
        with self.outside.database.read() as connection:
            return [grant_view(state, registry) for state in grants.listed(connection)]

    def grant(self, reference: str) -> dict[str, JSON] | None:
        """One grant (``id`` for the newest version, or ``id@version``) with its Cedar text; None when there is none."""
        state = self._find(reference)
        return None if state is None else grant_view(state, self._registry(), whole=True)

    def examination(self, reference: str) -> dict[str, JSON] | None:
        """What a version changes and who must sign it; of a draft, as it would be. None when there is no such grant."""
        state = self._find(reference)
        if state is None:
            return None
        outside = self.outside
        examining = Examining(outside.database)
        return examination_view(state, state.review or examining.review(state.grant, outside.clock.now()))

    def requests(self, status: str | None = None) -> list[dict[str, JSON]]:
        """Access requests, oldest first, with what is left of their time. Raises ValueError for no known status."""
        statuses = frozenset(RequestStatus) if status is None else frozenset({RequestStatus(status)})
        with self.outside.database.read() as connection:
            found = access_requests.listed(connection, Filter(statuses=statuses), after="", limit=MOST_REQUESTS)
            rules = read_rules(connection)
        registry = self._registry()
        return [self._request_view(state, registry, rules) for state in found]

    def request(self, name: str) -> dict[str, JSON] | None:
        """One access request with all that happened to it; None when there is none."""
        with self.outside.database.read() as connection:
            state = access_requests.find(connection, name)
            history, rules = access_requests.history(connection, name), read_rules(connection)
        if state is None:
            return None
        return whole_view(self._request_view(state, self._registry(), rules), state, history)

    def _request_view(self, state: RequestState, registry: Registry, rules: Rules) -> dict[str, JSON]:
        now = self.outside.clock.now()
        return request_view(state, registry, rules.calendar(local_day(now)), now, READER)

    def explain(self, question: Mapping[str, Any], language: str) -> dict[str, JSON]:
        """How a request would be decided now. Raises marshmallow's ValidationError for a malformed question."""
        asked: Question = EXPLAIN.load(dict(question))
        return explanation(asked, self.rooms.policy.renew(), self.outside.clock.now(), language)

    def decision(self, name: str, language: str) -> dict[str, JSON] | None:
        """A logged decision (``dec_…``) by clause, made again; None when there is none. Raises DatabaseUnavailable."""
        parsed = DecisionName.parse(name)
        if parsed is None:
            return None
        snapshot, about = self.rooms.policy.renew(), self.outside.ledger.of_item(parsed.request, str(parsed.item))
        with self.outside.database.read() as connection:
            entries = entries_of(connection, parsed, about)
            return decision_view(connection, snapshot, parsed, entries, language) if entries else None

    def replay(self, period: Period, processes: int) -> Replayed:
        """Make the logged decisions of a period again under the rules that held then.

        Raises DatabaseUnavailable, InvalidCatalogue, InvalidImage.
        """
        return replay(self.outside.database, self.outside.settings.database_url, period, processes)

    def impact(self, proposed: Grant, days: int) -> dict[str, JSON]:
        """What a grant would have changed for the requests of the last days. Raises DatabaseUnavailable."""
        snapshot = self.rooms.policy.renew()
        with self.outside.database.read() as connection:
            simulated = simulate(connection, snapshot, proposed, self.outside.clock.now(), days, most=MOST_REPLAYED)
        return {**simulated.report, "digest": simulated.digest}

    def proposed(self, path: Path) -> tuple[Grant, ...]:
        """The grants of a manifest file, each as the version that applying it would draft. Raises ManifestError."""
        drafts = [document.value for document in manifests.read([path], self.check_connector) if document.kind == GRANT]
        return tuple(grant_of(draft, self._newest(draft) + 1) for draft in drafts)

    def version(self, reference: str) -> Grant | None:
        """A grant's newest version, or ``id@version``; None when there is none."""
        state = self._find(reference)
        return None if state is None else state.grant

    def _newest(self, draft: Mapping[str, Any]) -> int:
        newest = self._find(draft["metadata"]["name"])
        return 0 if newest is None else newest.grant.version

    def suspend(self, grant: str, reason: str) -> dict[str, JSON]:
        """Take an active grant out at once. Raises NotAllowed, GrantMoved, LedgerUnavailable."""
        outside = self.outside
        transitions = Transitions(outside.database, outside.ledger, outside.clock)
        state = transitions.carry_out(SuspendGrant(reason), grant, None, OPERATOR, nothing_to_spend)
        return grant_view(state, self._registry())

    def manifest(self, reference: str) -> dict[str, Any] | None:
        """The manifest that would draft a grant again; None when there is none."""
        state = self._find(reference)
        return None if state is None else manifest_of(state.grant)

    def connecting(self) -> Connecting:
        """The connectors of this installation."""
        registry, outside = self._registry(), self.outside
        documents = {one["metadata"]["name"]: one for one in registry.connectors.values()}
        return Connecting(outside.settings, self.adapters, documents, registry.evidence_types, outside.clock)

    def tried(self, connector: Document, subject: SubjectRef) -> None:
        """Record that an operator looks a real person up. Raises LedgerUnavailable."""
        tried(self.outside.ledger, connector, subject, self.outside.clock, self.outside.entropy)

    @property
    def ledger(self) -> Ledger:
        """The exchange's own log."""
        return self.outside.ledger

    def _applying(self) -> Applying:
        outside = self.outside
        return Applying(outside.database, outside.ledger, outside.clock, outside.entropy, self.check_connector)

    def _registry(self) -> Registry:
        with self.outside.database.read() as connection:
            return Registry.build(catalogue.read_all(connection).values())

    def _find(self, reference: str) -> GrantState | None:
        name, _, version = reference.partition("@")
        with self.outside.database.read() as connection:
            versions = grants.versions(connection, name)
        found = [state for state in versions if version in {"", str(state.grant.version)}]
        return found[-1] if found else None
