"""Drift: a source whose shape is no longer the one it was described by, noticed from what it answers.

The first answers teach what a source's records hold. Afterwards three things are noted, each once: a place that our
mapping reads has gone (``vanished``), it holds another type (``type``), or the source has begun to send something that
it did not send before (``new``). A name of the source's own is repeated only where the mapping names it: any other may
be data, since records are sometimes keyed by people's names. How many of those there are is counted. How files change
is noticed when a new one is read (``connectors.files.form``).
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
        kind: ``vanished``, ``type`` or ``new``; of files also ``renamed``, ``format``, ``encoding`` and ``width``.
        name: OUR field; for ``new`` the source's own name that the mapping reads, or "?" for all that nobody declared;
            "" where it is the file as a whole.
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
        self._usual: tuple[tuple[str, ...], tuple[type, ...]] | None = None
        """Names and types of a record in which every value was as it was before."""
        self._undeclared: set[str] = set()
        self._appeared = 0
        self._as_before: dict[str, int] = {}
        """Places that held another type: how often they have held their own again since."""
        self._fields = frozenset(fields)
        self._lacked = dict.fromkeys(sorted(self._fields), 0)
        self._missed: dict[str, int] = {}
        """Our fields that the last record lacked: how many in a row did."""
        self._changes: dict[tuple[str, str], Change] = {}

    def changes(self) -> tuple[Change, ...]:
        """What has changed, oldest first; what came back is no longer among it."""
        return tuple(
            replace(change, count=self._appeared) if change.name == UNDECLARED else change
            for change in self._changes.values()
        )

    def seen(self, values: Mapping[str, Raw], filled: Iterable[str], now: datetime) -> list[Change]:
        """One record, and which of our fields it filled. The changes that it is the first to show."""
        changed = [*self._shape(values), *self._gaps(frozenset(filled))]
        self._records += 1
        return self._noted(changed, now) if changed else []

    def gone(self, fields: Sequence[str], now: datetime) -> list[Change]:
        """The source says itself that what these fields are read from is not there."""
        return self._noted([("vanished", name) for name in fields], now)

    def _shape(self, values: Mapping[str, Raw]) -> list[tuple[str, str]]:
        """Every record passes here: what is as it was costs one look."""
        shape = (tuple(values), tuple(map(type, values.values())))
        if shape == self._usual and not self._as_before:
            return []
        known, changed = self._records >= LEARNT, list[tuple[str, str]]()
        if known and all(map(self._settled, *shape)):
            self._usual = shape
        for name, value in values.items():
            kind = _kind(value)
            kinds = self._kinds.get(name)
            if known and kinds is not None and (not kind or (kind in kinds and name not in self._as_before)):
                continue
            changed += self._declared(name, kind) if name in self._readers else self._strange(name)
        return changed

    def _settled(self, name: str, held: type) -> bool:
        """Whether no value of this type can be a change in this place."""
        kind = _KINDS.get(held)
        return name in self._undeclared or (name in self._kinds and (kind == "" or kind in self._kinds[name]))

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
        elif name in self._as_before:
            self._is_as_before(name)

    def _is_as_before(self, name: str) -> None:
        self._as_before[name] += 1
        if self._as_before[name] == LEARNT:
            del self._as_before[name]
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

    def _gaps(self, filled: frozenset[str]) -> list[tuple[str, str]]:
        lacking = self._fields - filled
        for name in [name for name in self._missed if name in filled]:
            del self._missed[name]
        for change in [change for change in self._changes if change[0] == "vanished" and change[1] in filled]:
            del self._changes[change]
        return [("vanished", name) for name in sorted(lacking) if self._is_gone(name)]

    def _is_gone(self, name: str) -> bool:
        """Whether, with this record, a field that hardly any lacked before is missing for long enough."""
        self._lacked[name] += 1
        missed = self._missed[name] = self._missed.get(name, 0) + 1
        records = self._records + 1
        often = records - self._lacked[name]
        return missed == MISSED and often >= LEARNT and often >= _USUAL * (records - missed)

    def _noted(self, changed: Iterable[tuple[str, str]], now: datetime) -> list[Change]:
        """The fresh ones. No more than the mapping has fields and places, and one."""
        fresh = [one for one in dict.fromkeys(changed) if one not in self._changes]
        noted = [Change(kind, name, now) for kind, name in fresh]
        self._changes |= {(change.kind, change.name): change for change in noted}
        return noted


_KINDS: Mapping[type, str] = {
    str: "text",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    dict: "object",
    list: "list",
    type(None): "",
}


def _kind(value: Raw) -> str:
    """The JSON type of a value; "" for none, which says nothing about a column."""
    kind = _KINDS.get(type(value))
    return "" if value == "" else _kind_of_another(value) if kind is None else kind


def _kind_of_another(value: Raw) -> str:
    """Of what no JSON reader gives, but some driver may."""
    if isinstance(value, Mapping):
        return "object"
    return "list" if isinstance(value, Sequence) and not isinstance(value, str) else "text"
