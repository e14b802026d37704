"""The watch over one source: every answer passes it, and none stays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog

from connectors.base import Record, Reshaped
from connectors.errors import SourceGarbled
from connectors.mapping import Mapped
from connectors.mapping import Mapping as RecordMapping
from connectors.quality.drift import UNDECLARED, Change, Drift
from connectors.quality.score import Marks, Quality, Scores
from kernel.canonical import JSON
from kernel.clock import Clock

Check = Callable[[JSON], str | None]
"""What of a record does not fit its type (a path of ours), or None."""

UNKNOWN_CODE = "code"
COLUMNS_MISSING = "columns-missing"


class Watch:
    """Scores and drift of one source. Safe for threads."""

    def __init__(
        self, name: str, mapping: RecordMapping, clock: Clock, ahead: Callable[[], Sequence[Reshaped]] = tuple
    ) -> None:
        """``ahead``: how what the source gave of late is made otherwise, also while something earlier answers."""
        self._name = name
        self._ahead = ahead
        self._mapping = mapping
        self._clock = clock
        self._lock = threading.Lock()
        self._scores = Scores()
        self._drift = Drift(mapping.readers, mapping.fields)
        self._conforms: Check | None = None
        self._cycle: timedelta | None = None

    def expect(self, conforms: Check | None, cycle: timedelta | None) -> None:
        """What an answer has to look like, and the owner's update cycle (None: it has none)."""
        self._conforms, self._cycle = conforms, cycle

    def answered(self, records: Sequence[Record], mapped: Sequence[Mapped], answer: Mapped) -> None:
        """An answer that could be read."""
        valid = self._conforms is None or self._conforms(dict(answer.values)) is None
        filled = len(frozenset(name for one in mapped for name in one.values))
        coded = True if self._mapping.coded else None
        marks = Marks(len(self._mapping.fields), filled, valid, self._timely(answer.source_time), coded)
        with self._lock:
            self._scores.add(marks)
            now = self._clock.now()
            pairs = zip(records, mapped, strict=True)
            changes = [change for one, ours in pairs for change in self._drift.seen(one.values, ours.values, now)]
        self._tell(changes)

    def garbled(self, problem: SourceGarbled) -> None:
        """An answer that could not. Names the field of ours that stands where a column is missing."""
        gone = self._mapping.reading(problem.columns)
        problem.field = problem.field or next(iter(gone), "")
        if problem.reason == COLUMNS_MISSING:
            gone = gone or ((problem.field,) if problem.field else ())
        coded = False if problem.reason == UNKNOWN_CODE else None
        with self._lock:
            self._scores.add(Marks(0, 0, False, None, coded))
            changes = self._drift.gone(gone, self._clock.now())
        self._tell(changes)

    def quality(self) -> Quality:
        """The score over the last answers."""
        with self._lock:
            return self._scores.quality()

    def changes(self) -> tuple[Change, ...]:
        """How the source's shape has changed, also where nobody's answer shows it yet."""
        with self._lock:
            changes = self._drift.changes()
        ahead = [change for one in self._ahead() for change in self._in_our_words(one)]
        told = {change.name for change in ahead if change.name not in {"", UNDECLARED}}
        return (*(change for change in changes if change.kind != "vanished" or change.name not in told), *ahead)

    def _in_our_words(self, one: Reshaped) -> Iterator[Change]:
        if one.column:
            yield from (Change(one.kind, name, one.since) for name in self._mapping.reading([one.column]))
        else:
            yield Change(one.kind, UNDECLARED if one.kind == "new" else "", one.since, one.count)

    def _timely(self, source_time: datetime | None) -> bool | None:
        if source_time is None or self._cycle is None:
            return None
        return self._clock.now() - source_time <= 2 * self._cycle

    def _tell(self, changes: Sequence[Change]) -> None:
        for change in changes:
            log = structlog.get_logger(__name__)
            log.warning("source changed its shape", source=self._name, change=change.kind, name=change.name)
