"""Reading a source from end to end: whom it holds records of, each looked up, decided, filtered and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from sqlalchemy import Connection

from connectors.base import Query
from connectors.errors import AmbiguousSubject, SourceGarbled, SourceProblem, SourceTooLarge
from connectors.source import Outcome, Source
from exchange.blind_index import BlindIndex
from exchange.gateway.disclosure import Unmaskable, project
from exchange.return_flow.rows import content
from exchange.return_flow.ruling import Ruling
from exchange.store import return_flows, sealings
from exchange.store.return_flows import File, Flow
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.dates import local_day
from kernel.envelope import blind_index
from kernel.identifiers import subject
from kernel.identifiers.errors import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef

AT_ONCE = 2000
"""Subjects looked at before what was found is stored."""
DEADLINE = 5.0
LONGEST = 60.0
"""Seconds after which what was found is stored, however few were looked at: well within what a flow is held for."""
CLOCKS_APART = timedelta(minutes=2)
_LENGTH = 32


class Unread(Enum):
    """Why nothing of a subject is in a file."""

    ELSEWHERE = "elsewhere"
    WITHHELD = "withheld"
    UNREADABLE = "unreadable"


class Stopped(Exception):
    """A file cannot be made any further for now; ``trouble`` says why, without anybody's data."""

    def __init__(self, held: Flow, trouble: str) -> None:
        """``held`` is the flow as it is held."""
        super().__init__(trouble)
        self.held = held
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Found:
    """What of one record may leave, whether it is disputed, and a keyed hash of both that tells whether it changed."""

    values: Mapping[str, JSON] = field(repr=False)
    disputed: bool
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """What a stretch of subjects gave.

    ``rows`` by pseudonym; ``untouched`` are records that cannot be said to be gone: unreadable just now, or sealed.
    ``last`` is the subject to go on behind; ``over`` that there is none.
    """

    rows: Mapping[str, Found]
    untouched: frozenset[str]
    unreadable: int
    last: str = field(repr=False)
    over: bool


@dataclass(frozen=True)
class Reader:
    """Reads sources for flows. ``key`` is the exchange's index key."""

    indexes: BlindIndex
    key: bytes = field(repr=False)
    clock: Clock

    def batch(self, flow: Flow, decides: Ruling, after: str) -> Batch:
        """What stands behind ``after``. Raises SourceProblem where the source does not answer, Stopped without one."""
        source = decides.snapshot.sources.get(flow.evidence_type)
        if source is None or not source.enumerable:
            raise Stopped(flow, "cannot-list")
        listed = source.subjects(after, AT_ONCE)
        rows: dict[str, Found] = {}
        untouched: set[str] = set()
        unreadable = 0
        ends, looked_at = self.clock.monotonic() + LONGEST, 0
        for text in listed:
            try:
                row, found = self._one(flow, decides, source, text)
            except SourceProblem:
                if looked_at == 0:
                    raise
                break  # what was read is kept; the next stretch begins with whom the source had no answer for
            looked_at += 1
            if isinstance(found, Found) and row is not None:
                rows[row] = found
            elif found is Unread.UNREADABLE:
                unreadable += 1
            if row is not None and found in (Unread.UNREADABLE, Unread.WITHHELD):
                untouched.add(row)
            if self.clock.monotonic() > ends:
                break
        last = listed[looked_at - 1] if looked_at else after
        over = looked_at == len(listed) < AT_ONCE
        return Batch(rows, frozenset(untouched), unreadable, last, over)

    def _one(self, flow: Flow, decides: Ruling, source: Source, text: str) -> tuple[str | None, Found | Unread]:
        try:
            recorded = decides.snapshot.recorded_codes
            ref = subject.parse(decides.kind.subject_scheme, text, recorded_exceptions=recorded)
        except InvalidIdentifier:
            return None, Unread.UNREADABLE
        index = self.indexes.of(ref)
        return self.pseudonym(flow.id, index), self._found(flow, decides, source, ref, index)

    def _found(self, flow: Flow, decides: Ruling, source: Source, ref: SubjectRef, index: bytes) -> Found | Unread:
        now = self.clock.now()
        permit = decides.of(ref, index, now)
        if permit is None:
            return Unread.WITHHELD
        try:
            answer = source.retrieve(Query(ref, {}, DEADLINE))
        except (AmbiguousSubject, SourceGarbled, SourceTooLarge):
            return Unread.UNREADABLE
        if answer.outcome is not Outcome.FOUND or not decides.lies_within(answer.values, local_day(now)):
            return Unread.ELSEWHERE
        if decides.snapshot.registry.records[flow.evidence_type](dict(answer.values)) is not None:
            return Unread.UNREADABLE
        try:
            values = project(answer.values, flow.fields, permit.release)
        except Unmaskable:
            return Unread.UNREADABLE
        disputed = decides.snapshot.is_disputed(index, flow.evidence_type)
        told = content(values, flow.fields, disputed=disputed)
        return Found(values, disputed, blind_index(self.key, f"return-flow-content\n{flow.id}\n{told}"))

    def meets_sealed(self, connection: Connection, file: File) -> bool:
        """Whether somebody whose record may be in it was sealed since it was made, whether or not it is there still.

        A node's clock may be a little behind.
        """
        subjects = sealings.made_since(connection, file.made_at - CLOCKS_APART, self.clock.now())
        rows = {self.pseudonym(file.flow, subject) for subject in subjects}
        return bool(rows) and return_flows.may_hold(connection, file.flow, file.number, rows)

    def pseudonym(self, flow: str, index: bytes) -> str:
        """A record's name in one flow."""
        named = blind_index(self.key, f"return-flow-row\n{flow}\n{index.hex()}")
        return f"row_{named.hex()[:_LENGTH]}"
