"""Applying manifests: what changes is worked out first, checked as a whole, then written and recorded in one
transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from connectors import registry as connectors
from exchange.catalogue import manifests
from exchange.catalogue.consistency import check_grant
from exchange.catalogue.grant_drafts import command_for
from exchange.catalogue.kinds import GRANT
from exchange.catalogue.manifests import CheckConnector
from exchange.catalogue.publishing import EntryMoved, GrantsDepend, applied, grants_fit, living
from exchange.catalogue.reading import Document, InvalidCatalogue
from exchange.catalogue.registry import Registry
from exchange.governance.transitions import Step, Transitions
from exchange.proceedings import nothing_to_spend
from exchange.store import catalogue, epoch, grants
from exchange.store.catalogue import Key
from kernel import canonical
from kernel import manifests as files
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.manifests import Finding, ManifestError
from policies.grants.events import GrantState
from policies.proceedings import NotAllowed
from policies.roles import Officer

APPLIED = "CatalogueApplied"
MOST_NAMED = 200
"""Objects named in one ledger entry; the digest covers all of them."""
MOST_STEPS = 100
"""Grants drafted in one append; more are appended after."""


@dataclass(frozen=True, slots=True)
class Change:
    """What applying would do to one object: added, changed, or drafted (a grant)."""

    kind: str
    name: str
    action: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything applying would do; nothing is written yet. ``seen``, ``policies``: what it was checked with."""

    changes: tuple[Change, ...]
    documents: tuple[Document, ...]
    steps: tuple[Step, ...]
    seen: int
    policies: int


@dataclass(frozen=True)
class Applying:
    """Applies manifests to one exchange."""

    database: Database
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    check_connector: CheckConnector = connectors.findings

    def plan(self, paths: Iterable[Path], author: Officer) -> Plan:
        """What applying these files would do. Raises ManifestError with file, line and path of everything wrong."""
        given = manifests.read(paths, self.check_connector)
        with self.database.read() as connection:
            seen = epoch.read(connection)
            affected = living(connection)
            stored = catalogue.read_all(connection)
            drafts = [document for document in given if document.kind == GRANT]
            versions = {one: grants.versions(connection, one) for one in map(_name, drafts)}
        wanted = {manifests.key_of(one): one.value for one in given if one.kind != GRANT}
        registry = self._checked(given, {**stored, **wanted})
        changed = {key: value for key, value in wanted.items() if stored.get(key) != value}
        if changed:
            try:
                grants_fit(registry, affected, cache(lambda: self._checked(given, stored)))
            except GrantsDepend as trouble:
                raise ManifestError(trouble.text) from None
        steps = [step for one in drafts for step in self._drafted(one, registry, versions[_name(one)], author)]
        changes = [Change(*key, "changed" if key in stored else "added") for key in changed]
        changes += [Change(GRANT, step.after.grant.ref, "drafted") for step in steps]
        return Plan(tuple(changes), tuple(changed.values()), tuple(steps), seen.catalogue, seen.policies)

    def apply(self, plan: Plan, author: Officer) -> None:
        """Write a plan and record it.

        Raises EntryMoved when the catalogue or the grants in force changed since the plan was made; GrantMoved,
        LedgerUnavailable: what was written before that stays.
        """
        if plan.documents:
            self.ledger.append([self._entry(plan)], also=lambda connection, _: self._write(connection, plan, author))
        transitions = Transitions(self.database, self.ledger, self.clock)
        for start in range(0, len(plan.steps), MOST_STEPS):
            transitions.record(plan.steps[start : start + MOST_STEPS], author, nothing_to_spend)

    def _checked(self, given: Sequence[files.Document], union: Mapping[Key, Document]) -> Registry:
        try:
            return Registry.build(union.values())
        except InvalidCatalogue as trouble:
            raise located(trouble, given) from None

    def _drafted(
        self, document: files.Document, registry: Registry, versions: Sequence[GrantState], author: Officer
    ) -> tuple[Step, ...]:
        try:
            check_grant(registry, document.value)
            found = command_for(document.value, versions)
        except InvalidCatalogue as trouble:
            raise located(trouble, [document]) from None
        if found is None:
            return ()
        try:
            return Transitions(self.database, self.ledger, self.clock).steps(*found, author, versions)
        except NotAllowed as refusal:
            raise ManifestError(*document.locate([Finding(("spec",), refusal.reason)])) from None

    def _write(self, connection: Connection, plan: Plan, author: Officer) -> None:
        now = epoch.read(connection)
        if (now.catalogue, now.policies) != (plan.seen, plan.policies):
            raise EntryMoved
        for document in plan.documents:
            applied(connection, document, author.id, self.clock)
        catalogue.replace(connection, plan.documents, self.clock.now())
        epoch.advance(connection, catalogue=True)

    def _entry(self, plan: Plan) -> Event:
        names = [f"{change.kind}/{change.name}" for change in plan.changes if change.kind != GRANT]
        digest = hashlib.sha256(b"\n".join(canonical.encode(document) for document in plan.documents)).hexdigest()
        facts: dict[str, JSON] = {"objects": [*names[:MOST_NAMED]], "count": len(names), "digest": f"sha256:{digest}"}
        return Event(APPLIED, new_id("apply", self.clock, self.entropy), facts=facts)


def located(trouble: InvalidCatalogue, given: Sequence[files.Document]) -> ManifestError:
    """The same finding with file and line, when the object came from a file; by kind and name otherwise."""
    for document in given:
        if manifests.key_of(document) == (trouble.kind, trouble.name):
            return ManifestError(*document.locate([Finding(trouble.where, trouble.what)]))
    return ManifestError(trouble.text)


def _name(document: files.Document) -> str:
    return manifests.key_of(document)[1]
