"""What decisions are made by: one epoch's grants, catalogue and sources, swapped as a whole and leased for a second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.registry import Source
from exchange.catalogue.policy_registry import policy_registry
from exchange.catalogue.registry import Registry
from exchange.catalogue.sources import Sources
from exchange.store import catalogue, epoch, grants
from exchange.store.epoch import Epoch
from kernel.database import Database
from policies.events import GrantState
from policies.index import PolicyImage


@dataclass(frozen=True)
class Snapshot:
    """One epoch. Immutable; a request uses one from beginning to end, or says why it changed."""

    epoch: int
    registry: Registry
    image: PolicyImage
    sources: Mapping[str, Source]


@dataclass(frozen=True)
class _Read:
    at: Epoch
    documents: Mapping[tuple[str, str], Mapping[str, object]] | None
    active: tuple[GrantState, ...]


class SnapshotReader:
    """Reads the snapshot that holds now; builds a new one only when the epoch has moved.

    Used under the lease's lock.
    """

    def __init__(self, database: Database, sources: Sources) -> None:
        """Nothing is read before ``read`` is called."""
        self._database = database
        self._sources = sources
        self._known: Snapshot | None = None

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

    def _rows(self, connection: object, at: Epoch) -> _Read:
        same_catalogue = self._known is not None and self._known.registry.version == at.catalogue
        documents = None if same_catalogue else catalogue.read_all(connection)  # type: ignore[arg-type]
        return _Read(at, documents, grants.active(connection))  # type: ignore[arg-type]

    def _build(self, found: _Read) -> Snapshot:
        registry, sources = self._catalogue(found)
        image = PolicyImage.build((state.grant for state in found.active), policy_registry(registry), found.at.policies)
        return Snapshot(found.at.policies, registry, image, sources)

    def _catalogue(self, found: _Read) -> tuple[Registry, Mapping[str, Source]]:
        if found.documents is None and self._known is not None:
            return self._known.registry, self._known.sources
        registry = Registry.build((found.documents or {}).values(), found.at.catalogue)
        return registry, MappingProxyType(dict(self._sources.adopt(registry.connectors)))
