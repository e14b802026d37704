"""The indexes of all kinds, each in step with the registry that a node decides by."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from exchange.catalogue.kinds import EVIDENCE_TYPE, ORGANISATION, SERVICE_ITEM
from exchange.catalogue.registry import Registry
from exchange.catalogue.search.entries import Searchable, of_evidence_type, of_organisation, of_service_item
from exchange.catalogue.search.index import Index

MOST_IN_PASSING = 20
"""Changed entries that a question waits for; more are left to the thread that keeps the indexes up."""
MOST_CHANGED = 200
"""Changed entries above which an index is made anew, which is quicker."""
FIRST_SECONDS = 0.5
"""How long a question waits for somebody else's first index: anybody may ask, and each that waits has a thread."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where the registry keeps the entries of a kind, and what of one is searched."""

    of: Callable[[Registry], Mapping[str, Any]]
    searchable: Callable[[Any], Searchable]


_KINDS: Mapping[str, _Kind] = {
    ORGANISATION: _Kind(lambda registry: registry.organisations, of_organisation),
    EVIDENCE_TYPE: _Kind(lambda registry: registry.evidence_types, of_evidence_type),
    SERVICE_ITEM: _Kind(lambda registry: registry.service_items, of_service_item),
}


@dataclass(frozen=True, slots=True)
class _Shelf:
    """An index, and what it was made of: the entries of a kind in one version of the catalogue."""

    version: int
    entries: Mapping[str, Any]
    index: Index


class NotBegun(Exception):
    """There is not yet an index of every kind."""


class Shelves:
    """An index of each kind of entry that is searched. Safe for threads.

    A question waits for few changes, and a little for the first index of its kind. After many (a whole catalogue
    imported) it is answered from the index before them until ``keep_up`` has made the new one.
    """

    def __init__(self) -> None:
        """Nothing is indexed yet."""
        self._shelves: dict[str, _Shelf] = {}
        self._locks = {kind: threading.Lock() for kind in _KINDS}

    @property
    def begun(self) -> bool:
        """Whether there is an index of every kind."""
        return len(self._shelves) == len(_KINDS)

    def keep_up(self, registry: Registry) -> None:
        """Bring every index to this registry's version."""
        for kind in _KINDS:
            with self._locks[kind]:
                self._follow(kind, registry, len(_KINDS[kind].of(registry)) + MOST_IN_PASSING)

    def begin(self, registry: Registry) -> None:
        """Make every first index that nobody is making just now. Raises NotBegun where somebody is at one."""
        for kind in (kind for kind in _KINDS if kind not in self._shelves):
            if not self._locks[kind].acquire(blocking=False):
                raise NotBegun
            try:
                self._follow(kind, registry, MOST_IN_PASSING)
            finally:
                self._locks[kind].release()

    def index(self, kind: str, registry: Registry) -> Index:
        """The entries of a kind in this registry, or, while much changes, in one a moment before.

        Raises NotBegun where the first index is being made and takes too long to wait for.
        """
        shelf = self._shelves.get(kind)
        if shelf is not None and shelf.entries is _KINDS[kind].of(registry):
            return shelf.index
        lock = self._locks[kind]
        if not lock.acquire(timeout=FIRST_SECONDS if shelf is None else 0):  # somebody else is at it
            if shelf is None:
                raise NotBegun
            return shelf.index
        try:
            return self._follow(kind, registry, MOST_IN_PASSING)
        finally:
            lock.release()

    def _follow(self, kind: str, registry: Registry, most: int) -> Index:
        """The index of this registry, or the one before it where more than ``most`` entries changed."""
        entries, searchable = _KINDS[kind].of(registry), _KINDS[kind].searchable
        shelf = self._shelves.get(kind)
        if shelf is None:
            index = Index.build(map(searchable, entries.values()))
        elif entries is shelf.entries or registry.version < shelf.version:
            return shelf.index
        else:
            changed = _changed(shelf.entries, entries)
            if len(changed) > most:
                return shelf.index
            if len(changed) > MOST_CHANGED:
                index = Index.build(map(searchable, entries.values()))
            else:
                index = shelf.index
                for code in changed:
                    before, after = shelf.entries.get(code), entries.get(code)
                    index = index.changed(before and searchable(before), after and searchable(after))
        self._shelves[kind] = _Shelf(registry.version, entries, index)
        return index


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The codes of entries that came, went, or are no longer the same."""
    # A registry that was read as a whole has other objects, most of which say the same.
    came = [code for code, one in after.items() if (was := before.get(code)) is not one and was != one]
    return came + [code for code in before if code not in after]
