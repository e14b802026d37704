"""The ledger's entries for auditors: newest first, page by page, without what could tell who a person is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from idp.administration.rights import Actor, Command, permit
from kernel.canonical import JSON, decode
from kernel.ledger.log import Ledger

PAGE = 50
MOST_LOOKED_AT = 2_000
"""Entries a filtered page looks through at most; the next page goes on from there."""
_KEPT_BACK = frozenset({"detail"})
"""Cases and fields of one person's matter: the exchange's own log answers for them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its place, when, what happened, and the facts."""

    index: int
    at: str
    event: str
    facts: Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some entries, newest first, and where the page after this one begins (None at the beginning of the log)."""

    entries: tuple[Entry, ...]
    before: int | None


@dataclass(frozen=True, slots=True)
class EventDesk:
    """Reads. Nothing here changes or deletes, for anybody."""

    ledger: Ledger

    def page(self, actor: Actor, *, before: int | None = None, event: str = "", person: str = "") -> EventPage:
        """Entries older than ``before``; only those of one name, or in which one person acts or is acted on.

        Raises NotPermitted.
        """
        permit(actor, Command.SEE_EVENTS, None)
        size = self.ledger.size()
        end = size if before is None else min(before, size)
        start = max(0, end - MOST_LOOKED_AT)
        found: list[Entry] = []
        for entry in self._backwards(start, end):
            if _wanted(entry, event, person):
                found.append(entry)
            if len(found) == PAGE:
                return EventPage(tuple(found), entry.index or None)
        return EventPage(tuple(found), start or None)

    def _backwards(self, start: int, end: int) -> Iterator[Entry]:
        for high in range(end, start, -PAGE):
            low = max(start, high - PAGE)
            leaves = self.ledger.entries(low, high)
            for number in reversed(range(len(leaves))):
                yield _entry(low + number, leaves[number])


def _entry(index: int, leaf: bytes) -> Entry:
    value = decode(leaf)
    assert isinstance(value, dict)  # our own encoding
    facts = value.get("facts")
    kept = {name: told for name, told in facts.items() if name not in _KEPT_BACK} if isinstance(facts, dict) else {}
    return Entry(index, str(value["at"]), str(value["event"]), kept)


def _wanted(entry: Entry, event: str, person: str) -> bool:
    if event and entry.event != event:
        return False
    return not person or person in (entry.facts.get("actor"), entry.facts.get("person"))
