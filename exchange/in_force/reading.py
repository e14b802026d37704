"""Reading what holds now: the rows of one epoch, and what of the epoch before can be taken over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import Connection

from connectors.source import Source
from exchange.catalogue.kinds import DIVISION, Key
from exchange.catalogue.policy_registry import policy_registry
from exchange.catalogue.reading import Document
from exchange.catalogue.registry import Registry
from exchange.catalogue.sources import Sources
from exchange.in_force.snapshot import Snapshot
from exchange.store import catalogue, corrections, emergencies, epoch, grants, sealings, system_locks
from exchange.store.epoch import Epoch
from kernel.database import Database
from policies import registry as policies
from policies.emergency.opening import EmergencyState, Status
from policies.grants.events import GrantState
from policies.index import PolicyImage


@dataclass(frozen=True)
class _Read:
    """``documents`` are all manifests (None: not read), ``changed`` those that changed since the version known."""

    at: Epoch
    documents: Mapping[Key, Document] | None
    changed: Mapping[Key, Document | None]
    active: tuple[GrantState, ...]
    sealed: Mapping[bytes, datetime]
    openings: tuple[EmergencyState, ...]
    disputed: Mapping[bytes, frozenset[str]]
    locked: frozenset[str]


class SnapshotReader:
    """Reads the snapshot that holds now; builds a new one only when the epoch has moved.

    Used under the lease's lock.
    """

    def __init__(self, database: Database, sources: Sources, recorded_codes: frozenset[str] = frozenset()) -> None:
        """Nothing is read before ``read`` is called. ``recorded_codes``: of companies, with a wrong check character."""
        self._recorded_codes = recorded_codes
        self._database = database
        self._sources = sources
        self._known: Snapshot | None = None
        self._policies: tuple[Registry, policies.Registry] | None = None

    def read(self) -> Snapshot:
        """The snapshot of the current epoch. Raises DatabaseUnavailable, InvalidCatalogue, InvalidImage."""
        with self._database.read() as connection:
            now = epoch.read(connection)
            if self._known is not None and self._known.epoch == now.policies:
                return self._known
            found = self._consistent(lambda: epoch.read(connection), lambda at: self._rows(connection, at))
        self._known = self._build(found)
        return self._known

    def _consistent(self, current: Callable[[], Epoch], rows: Callable[[Epoch], _Read]) -> _Read:
        """Rows that all belong to one epoch: read again until it did not move meanwhile (READ COMMITTED has no
        snapshot).
        """
        while True:
            found = rows(current())
            if current() == found.at:
                return found

    def _rows(self, connection: Connection, at: Epoch) -> _Read:
        active, sealed = grants.active(connection), sealings.holding(connection)
        locked = system_locks.standing(connection)
        openings, disputed = emergencies.standing(connection, Status.OPEN), corrections.disputed(connection)
        if self._known is None:
            return _Read(at, catalogue.read_all(connection), {}, active, sealed, openings, disputed, locked)
        known = self._known.registry.version
        changed = {} if known == at.catalogue else catalogue.changed_since(connection, known)
        whole = any(kind == DIVISION for kind, _ in changed)
        documents = catalogue.read_all(connection) if whole else None
        return _Read(at, documents, changed, active, sealed, openings, disputed, locked)

    def _build(self, found: _Read) -> Snapshot:
        registry, sources = self._catalogue(found)
        for source in sources.values():  # somebody sealed, a record disputed or corrected: asked anew
            source.forget()
        if self._policies is None or self._policies[0] is not registry:
            self._policies = (registry, policy_registry(registry))
        active = (state.grant for state in found.active)
        # What a change leaves as it was is taken over: the hierarchy of 50,000 entries, and every compiled grant.
        last = self._known.image if self._known is not None else None
        image = PolicyImage.build(active, self._policies[1], found.at.policies, after=last)
        openings = MappingProxyType({opening.id: opening for opening in found.openings})
        return Snapshot(
            epoch=found.at.policies,
            registry=registry,
            image=image,
            sources=sources,
            sealed=found.sealed,
            openings=openings,
            disputed=found.disputed,
            locked=found.locked,
            recorded_codes=self._recorded_codes,
        )

    def _catalogue(self, found: _Read) -> tuple[Registry, Mapping[str, Source]]:
        known = self._known
        if found.documents is None and known is not None:
            if known.registry.version == found.at.catalogue:
                return known.registry, known.sources
            # A large catalogue is not read again for one entry: that would take longer than the lease lasts.
            registry = known.registry.following(found.changed, found.at.catalogue)
        else:
            registry = Registry.build((found.documents or {}).values(), found.at.catalogue)
        sources = self._sources.adopt(registry.connectors)
        for code, source in sources.items():
            source.expect(registry.records[code], registry.evidence_types[code].cycle)
        return registry, MappingProxyType(dict(sources))
