"""Whether the three books agree: the log, what providers count from, and what people read about themselves.

Counted rows are written in the transaction of their entry, and a person finds entries by their tag: so all agree by
construction, and here it is looked at. The log is the measure. Two people who shared a tag, or one with two in a month,
would be shown entries of another or too few; rows without an entry, or entries without a row, would count wrongly.
What left in bulk stands in the same books otherwise, and is compared by ``exchange.return_flow.reconciling``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from exchange.certificates.answering import ANSWERED
from exchange.gateway.entries import FAILURE, INTERRUPTED, REFUSAL, RELEASE
from exchange.return_flow.making import MADE
from exchange.return_flow.reconciling import FlowBooks
from exchange.store import deliveries
from exchange.store.deliveries import FAILED, NO_STATUS, REFUSED, RELEASED, STATUS_TOLD, Delivery
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.log import Ledger
from kernel.ledger.usage import members_of

OUTCOMES = {RELEASE: RELEASED, REFUSAL: REFUSED, FAILURE: FAILED, INTERRUPTED: FAILED}
"""What each entry about an item of evidence is counted as."""
MOST_NAMED = 20
"""Entries named of each kind of difference; all are counted."""

PAGE = 1024
"""Entries that are looked at together."""
_SAME = {"case": "case_id"} | {
    name: name for name in ("consumer", "provider", "evidence_type", "service_item", "legal_basis", "relation")
}
"""Facts of an entry, and the columns of its row that repeat them."""


@dataclass
class Reconciliation:
    """What was compared, and what does not agree: ``named`` holds entries (or rows) by the kind of their difference."""

    entries: int = 0
    rows: int = 0
    files: int = 0
    people: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=dict)

    @property
    def differences(self) -> int:
        """All of them."""
        return self.counted.total()

    def differs(self, kind: str, where: str) -> None:
        """Note one difference."""
        self.counted[kind] += 1
        if self.counted[kind] <= MOST_NAMED:
            self.named.setdefault(kind, []).append(where)


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as each book has it: the leaf, the tag it is found by, and the rows that are counted."""

    index: int
    leaf: bytes
    tag: bytes | None
    rows: tuple[Delivery, ...]


Progress = Callable[[Iterable[Kept], int], Iterable[Kept]]
"""Watches entries go by, of which there are so many."""


@dataclass(frozen=True)
class Reconciling:
    """Goes through the log page by page."""

    database: Database
    ledger: Ledger
    clock: Clock

    def reconcile(self, progress: Progress) -> Reconciliation:
        """Compare every entry there is now with its rows and its tag, or its file. Raises DatabaseUnavailable."""
        found, seen, size = Reconciliation(), _Tags(), self.ledger.size()
        flows = FlowBooks(self.database, self.clock, found.differs)
        pages = (self._page(start, min(start + PAGE, size)) for start in range(0, size, PAGE))
        for entry in progress((one for page in pages for one in page), size):
            members = members_of(entry.leaf)
            _look(found, entry, members, seen)
            if members["event"] == MADE:
                flows.look(entry.index, members)
        if lost := self._lost(size, found.rows):
            found.differs("row-without-entry", str(lost))
        flows.close(size, self.ledger)
        found.people, found.files = seen.people, flows.files
        return found

    def _lost(self, size: int, rows: int) -> int:
        """How many rows no entry is about: besides the ``rows`` of entries below ``size``, none may lie there or beyond
        the log's end.

        A row is written with its entry. So the end is read once more after the rows: what lies below it by then was
        recorded meanwhile, however much that is.
        """
        end = self.ledger.size()
        with self.database.read() as connection:
            before, beyond = deliveries.count_before(connection, size), deliveries.entries_from(connection, end)
        end = self.ledger.size()
        return before - rows + sum(entry >= end for entry in beyond)

    def _page(self, start: int, end: int) -> Iterator[Kept]:
        leaves, tags = self.ledger.entries(start, end), self.ledger.tags(start, end)
        requests = {str(members_of(leaf)["request"]) for leaf in leaves}
        with self.database.read() as connection:
            rows = deliveries.of_requests(connection, requests)
        beside = defaultdict[int, list[Delivery]](list)
        for row in rows:
            beside[row.entry].append(row)
        for index, (leaf, tag) in enumerate(zip(leaves, tags, strict=True), start=start):
            yield Kept(index, leaf, tag, tuple(beside.get(index, ())))


def _look(found: Reconciliation, entry: Kept, members: Any, seen: _Tags) -> None:
    found.entries += 1
    if (entry.tag.hex() if entry.tag else None) != members.get("subject"):
        found.differs("tag", str(entry.index))
    if not entry.rows and _wants_a_row(members):
        found.differs("entry-not-counted", str(entry.index))
    for row in entry.rows:
        found.rows += 1
        _compare(found, entry.index, members, row, seen)


def _wants_a_row(members: Any) -> bool:
    """Entries about an item and a person are counted; repetitions that were refused stand beside the first."""
    facts = members["facts"]
    return bool(_counted_as(members) and members.get("subject")) and not facts.get("repeated", False)


def _counted_as(members: Any) -> str | None:
    """The outcome by which an entry is counted. Answers about certificates named no provider before they were."""
    event, facts = members["event"], members["facts"]
    if event == ANSWERED and "provider" in facts:
        return STATUS_TOLD if facts["known"] else NO_STATUS
    return OUTCOMES.get(event)


def _compare(found: Reconciliation, index: int, members: Any, row: Delivery, seen: _Tags) -> None:
    facts, where = members["facts"], str(index)
    if _counted_as(members) != row.outcome:
        found.differs("outcome", where)
        return
    if members["item"] != str(row.item):
        found.differs("item", where)
    if any(facts.get(fact) != getattr(row, column) for fact, column in _SAME.items()):
        found.differs("facts", where)
    if set(row.asked.split()) != {*facts["fields"], *facts["predicates"]}:
        found.differs("fields", where)
    tag = members.get("subject")
    if tag is None:
        if "emergency" not in facts:  # whether a statute hides such an entry may be unknown: auditors alone see it
            found.differs("not-shown-to-anybody", where)
    elif not seen.fits(bytes(row.subject), tag, str(members["at"])[:7]):
        found.differs("person", where)


class _Tags:
    """One tag a person a month, and nobody else's."""

    def __init__(self) -> None:
        self._of: dict[tuple[bytes, str], str] = {}
        self._whose: dict[str, bytes] = {}

    @property
    def people(self) -> int:
        """How many people and companies entries were about."""
        return len({subject for subject, _month in self._of})

    def fits(self, subject: bytes, tag: str, month: str) -> bool:
        """Whether a tag is this person's of this month, the first one seen being it."""
        own = self._of.setdefault((subject, month), tag) == tag
        return self._whose.setdefault(tag, subject) == subject and own
