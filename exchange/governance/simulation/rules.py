"""The rules of a past epoch, put together again from what each epoch and each version of the catalogue kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from exchange.catalogue.kinds import DIVISION
from exchange.catalogue.policy_registry import policy_registry
from exchange.catalogue.registry import Registry
from exchange.in_force.snapshot import Snapshot
from exchange.store import catalogue, grants
from exchange.store.decisions import LoggedDecision
from policies import registry as policies
from policies.index import PolicyImage


@dataclass(frozen=True, slots=True)
class RulesOfOne:
    """What one decision was made by: the catalogue of then, and the grants over its evidence type."""

    registry: Registry
    image: PolicyImage


class RulesOfThen:
    """The rules of single past decisions, put together from those of now and what has changed since.

    While a node serves, no grants or entries are read whole: its lease is shorter than fifty thousand take. The
    hierarchy of an earlier catalogue is closed once for all decisions made under it.
    """

    def __init__(self, connection: Connection, snapshot: Snapshot) -> None:
        """Nothing is read before ``of``."""
        self._connection = connection
        self._snapshot = snapshot
        self._catalogues = {snapshot.registry.version: (snapshot.registry, snapshot.image)}

    def of(self, logged: LoggedDecision) -> RulesOfOne:
        """Those of one decision. Raises InvalidCatalogue, InvalidImage, InvalidGrant, InvalidRegistry."""
        registry, known = self._catalogue(logged.catalogue)
        above = known.hierarchy.above.get(("EvidenceType", logged.evidence_type), frozenset())
        types = {logged.evidence_type, *(name for _, name in above)}
        members = grants.in_force(self._connection, logged.epoch, types)
        return RulesOfOne(registry, PolicyImage.build(members, known.registry, logged.epoch, after=known))

    def _catalogue(self, version: int) -> tuple[Registry, PolicyImage]:
        found = self._catalogues.get(version)
        if found is None:
            registry = _registry_then(self._connection, self._snapshot.registry, version)
            found = registry, PolicyImage.build((), policy_registry(registry), self._snapshot.epoch)
            _keep(self._catalogues, version, found)
        return found


def _registry_then(connection: Connection, now: Registry, version: int) -> Registry:
    if now.version == version:
        return now
    changed = catalogue.as_of(connection, version)
    if any(kind == DIVISION for kind, _ in changed):
        return Registry.build(catalogue.read_at(connection, version), version)
    return now.following(changed, version)


K = TypeVar("K")
V = TypeVar("V")

MOST_KEPT = 16
"""Images kept at once: a log goes through its epochs in order, but for refused repetitions."""


class PastRules:
    """Images by epoch and version of the catalogue, each built once as long as it is kept. For one thread."""

    def __init__(self, connection: Connection) -> None:
        """Nothing is read before ``image``."""
        self._connection = connection
        self._images: dict[tuple[int, int], PolicyImage] = {}
        self._registries: dict[int, policies.Registry] = {}
        self._last: PolicyImage | None = None

    def image(self, epoch: int, version: int) -> PolicyImage:
        """What decided in this epoch. Raises InvalidCatalogue, InvalidImage, InvalidGrant."""
        found = self._images.get((epoch, version))
        if found is None:
            members = grants.in_force(self._connection, epoch)
            found = PolicyImage.build(members, self._registry(version), epoch, after=self._last)
            _keep(self._images, (epoch, version), found)
            self._last = found
        return found

    def _registry(self, version: int) -> policies.Registry:
        found = self._registries.get(version)
        if found is None:
            found = policy_registry(Registry.build(catalogue.read_at(self._connection, version), version))
            _keep(self._registries, version, found)
        return found


def _keep(kept: dict[K, V], key: K, value: V) -> None:
    if len(kept) >= MOST_KEPT:
        kept.pop(next(iter(kept)))
    kept[key] = value
