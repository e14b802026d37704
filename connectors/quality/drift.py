"""Drift: a source whose shape is no longer the one it was described by, noticed from what it answers.

The first answers teach what a source's records hold. Afterwards three things are noted, each once: a place that our
mapping reads has gone (``vanished``), it holds another type (``type``), or the source has begun to send something that
it did not send before (``new``). Names of the source's own are repeated only where they can be no data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.base import Raw

LEARNT = 20
"""Records after which the shape counts as known."""
MISSED = 10
"""Records in a row without a field that hardly any lacked before."""
MOST = 50
"""Changes and names kept; a source that invents member names for every answer fills no memory."""
_USUAL = 0.95
_A_NAME = re.compile(r"(?!.*[0-9]{5})[^\W\d][\w\-]{0,39}")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of shape.

    Attributes:
        kind: ``vanished``, ``type`` or ``new``.
        name: OUR field; for ``new`` the source's own name, or "?" where that might be data.
        since: when it was noticed.
    """

    kind: str
    name: str
    since: datetime


class Drift:
    """The shape of one source. Used under its owner's lock."""

    def __init__(self, readers: Mapping[str, frozenset[str]], fields: Iterable[str]) -> None:
        """``readers``: our fields by the column or outermost member of the source that they are read from."""
        self._readers = readers
        self._records = 0
        self._kinds: dict[str, set[str]] = {}
        self._filled = dict.fromkeys(fields, 0)
        self._missed = dict.fromkeys(fields, 0)
        self._changes: dict[tuple[str, str], Change] = {}

    def changes(self) -> tuple[Change, ...]:
        """What has changed, oldest first; what came back is no longer among it."""
        return tuple(self._changes.values())

    def seen(self, values: Mapping[str, Raw], filled: Iterable[str], now: datetime) -> list[Change]:
        """One record, and which of our fields it filled. The changes that it is the first to show."""
        found = self._shape(values, now) + self._gaps(frozenset(filled), now)
        self._records += 1
        return found

    def gone(self, fields: Sequence[str], now: datetime) -> list[Change]:
        """The source says itself that what these fields are read from is not there."""
        return self._noted([("vanished", name) for name in fields], now)

    def _shape(self, values: Mapping[str, Raw], now: datetime) -> list[Change]:
        known = self._records >= LEARNT
        changed: list[tuple[str, str]] = []
        for name, value in values.items():
            kind = _kind(value)
            kinds = self._kinds.get(name)
            if kinds is None:
                if len(self._kinds) >= MOST * 4:
                    continue
                kinds = self._kinds[name] = set()
                changed += [("new", _shown(name))] if known else []
            elif known and kind and kinds and kind not in kinds:
                changed += [("type", ours) for ours in sorted(self._readers.get(name, ()))]
            if kind:
                kinds.add(kind)
        return self._noted(changed, now)

    def _gaps(self, filled: frozenset[str], now: datetime) -> list[Change]:
        changed: list[tuple[str, str]] = []
        for name in self._filled:
            if name in filled:
                self._filled[name] += 1
                self._missed[name] = 0
                self._changes.pop(("vanished", name), None)
                continue
            self._missed[name] += 1
            before = self._records + 1 - self._missed[name]
            usual = self._filled[name] >= LEARNT and self._filled[name] >= _USUAL * before
            changed += [("vanished", name)] if usual and self._missed[name] == MISSED else []
        return self._noted(changed, now)

    def _noted(self, changed: Iterable[tuple[str, str]], now: datetime) -> list[Change]:
        fresh = [one for one in dict.fromkeys(changed) if one not in self._changes]
        noted = [Change(kind, name, now) for kind, name in fresh[: MOST - len(self._changes)]]
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


def _shown(name: str) -> str:
    return name if _A_NAME.fullmatch(name) else "?"
