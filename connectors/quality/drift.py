"""Drift: a source whose shape is no longer the one it was described by, noticed from what it answers.

The first answers teach what a source's records hold. Afterwards three things are noted, each once: a place that our
mapping reads has gone (``vanished``), it holds another type (``type``), or the source has begun to send something that
it did not send before (``new``). A name of the source's own is repeated only where the mapping names it: any other may
be data, since records are sometimes keyed by people's names. How many of those there are is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from connectors.base import Raw

LEARNT = 20
"""Records after which the shape counts as known, and after which a type that came back counts as the old one."""
MISSED = 10
"""Records in a row without a field that hardly any lacked before."""
MOST = 200
"""Undeclared names kept; a source that invents member names for every answer fills no memory."""
UNDECLARED = "?"
_USUAL = 0.95


@dataclass(frozen=True, slots=True)
class Change:
    """One change of shape.

    Attributes:
        kind: ``vanished``, ``type`` or ``new``.
        name: OUR field; for ``new`` the source's own name that the mapping reads, or "?" for all that nobody declared.
        since: when it was noticed.
        count: how many names stand behind it; more than one only where nobody declared them.
    """

    kind: str
    name: str
    since: datetime
    count: int = 1


class Drift:
    """The shape of one source. Used under its owner's lock."""

    def __init__(self, readers: Mapping[str, frozenset[str]], fields: Iterable[str]) -> None:
        """``readers``: our fields by the column or outermost member of the source that they are read from."""
        self._readers = readers
        self._records = 0
        self._kinds: dict[str, set[str]] = {}
        self._undeclared: set[str] = set()
        self._appeared = 0
        self._as_before = dict.fromkeys(readers, 0)
        self._filled = dict.fromkeys(fields, 0)
        self._missed = dict.fromkeys(fields, 0)
        self._changes: dict[tuple[str, str], Change] = {}

    def changes(self) -> tuple[Change, ...]:
        """What has changed, oldest first; what came back is no longer among it."""
        return tuple(
            replace(change, count=self._appeared) if change.name == UNDECLARED else change
            for change in self._changes.values()
        )

    def seen(self, values: Mapping[str, Raw], filled: Iterable[str], now: datetime) -> list[Change]:
        """One record, and which of our fields it filled. The changes that it is the first to show."""
        found = self._noted([*self._shape(values), *self._gaps(frozenset(filled))], now)
        self._records += 1
        return found

    def gone(self, fields: Sequence[str], now: datetime) -> list[Change]:
        """The source says itself that what these fields are read from is not there."""
        return self._noted([("vanished", name) for name in fields], now)

    def _shape(self, values: Mapping[str, Raw]) -> Iterable[tuple[str, str]]:
        for name, value in values.items():
            if name in self._readers:
                yield from self._declared(name, _kind(value))
            else:
                yield from self._strange(name)

    def _declared(self, name: str, kind: str) -> Iterable[tuple[str, str]]:
        """A place that our mapping reads: it is new, it holds another type, or its own again for long enough."""
        known = self._records >= LEARNT
        if name not in self._kinds and known:
            yield "new", name
        kinds = self._kinds.setdefault(name, set())
        if not kind:
            return
        if not known or not kinds:
            kinds.add(kind)
        elif kind not in kinds:
            self._as_before[name] = 0
            yield from (("type", ours) for ours in sorted(self._readers[name]))
        else:
            self._as_before[name] += 1
            if self._as_before[name] == LEARNT:
                for ours in self._readers[name]:
                    self._changes.pop(("type", ours), None)

    def _strange(self, name: str) -> Iterable[tuple[str, str]]:
        """A name that nobody declared: counted, and never repeated."""
        if name in self._undeclared or len(self._undeclared) >= MOST:
            return
        self._undeclared.add(name)
        if self._records >= LEARNT:
            self._appeared += 1
            yield "new", UNDECLARED

    def _gaps(self, filled: frozenset[str]) -> Iterable[tuple[str, str]]:
        for name in self._filled:
            if name in filled:
                self._filled[name] += 1
                self._missed[name] = 0
                self._changes.pop(("vanished", name), None)
                continue
            self._missed[name] += 1
            before = self._records + 1 - self._missed[name]
            usual = self._filled[name] >= LEARNT and self._filled[name] >= _USUAL * before
            if usual and self._missed[name] == MISSED:
                yield "vanished", name

    def _noted(self, changed: Iterable[tuple[str, str]], now: datetime) -> list[Change]:
        """The fresh ones. No more than the mapping has fields and places, and one."""
        fresh = [one for one in dict.fromkeys(changed) if one not in self._changes]
        noted = [Change(kind, name, now) for kind, name in fresh]
        self._changes |= {(change.kind, change.name): change for change in noted}
        return noted


def _kind(value: Raw) -> str:
    """The JSON type of a value; "" for none, which says nothing about a column."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal):
        return "number"
    if isinstance(value, Mapping):
        return "object"
    return "list" if isinstance(value, Sequence) and not isinstance(value, str) else "text"
