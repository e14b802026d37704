"""Making files: piece by piece, each piece with what it changes in one transaction, so that a node may die anywhere.

Another goes on behind the last piece, once the lease has run out. A file becomes ready, with its entry of the ledger
and the signal to its system, in one transaction; before that nobody can fetch any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from sqlalchemy import Connection

from connectors.errors import SourceProblem
from exchange.events.outbox import put
from exchange.events.signal import Kind as SignalKind
from exchange.events.signal import to_system
from exchange.in_force.snapshot import Snapshot
from exchange.return_flow.reading import Batch, Reader, Stopped
from exchange.return_flow.rows import Change, header, line
from exchange.return_flow.ruling import Purpose, Ruling, ruling
from exchange.return_flow.safe import Safe
from exchange.store import return_flow_books, return_flows
from exchange.store.return_flows import File, FileStatus, Flow, Kind
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.envelope import CannotOpen
from kernel.lease import Lease
from kernel.ledger.errors import FenceMoved
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt

MADE = "ReturnFlowFileMade"
LEASE = timedelta(minutes=5)
"""How long a node that died holds a flow at most; renewed with every piece."""
AGAIN = timedelta(minutes=10)
"""Until a source that did not answer, or a right that is missing, is looked at again."""
EVERY: Mapping[str, timedelta] = {
    "daily": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
}
KEPT = timedelta(days=30)
"""How long what was made can be fetched."""
TOLD = timedelta(days=3 * 366)
"""How long people are told of a flow that their record is not in any more: records of such provision are kept for three
years (PIPL art. 56)."""
REMOVED_AT_ONCE = 2000


Also = Callable[[Connection], None]


class Overtaken(Exception):
    """The flow was ended, or another node has it: nothing of this step was stored."""


@dataclass(frozen=True)
class Making:
    """Makes the files that are due. Any number of nodes may: each flow is one node's at a time."""

    database: Database
    ledger: Ledger
    policy: Lease[Snapshot]
    reader: Reader
    safe: Safe
    clock: Clock

    def sweep(self) -> int:
        """Make what is due; how many files became ready. Raises LeaseLost, DatabaseUnavailable, LedgerUnavailable."""
        with self.database.read() as connection:
            due = return_flows.due(connection, self.clock.now())
        return sum(self._make(seen) for seen in due)

    def prune(self) -> None:
        """Delete what could be fetched, and was told, for long enough."""
        now = self.clock.now()
        self.database.write(lambda connection: return_flows.prune(connection, now - KEPT))
        self.database.write(lambda connection: return_flows.prune_left(connection, now - TOLD))

    def _make(self, seen: Flow) -> bool:
        until = self.clock.now() + LEASE
        held = self.database.write(lambda connection: return_flows.claim(connection, seen, until))
        if held is None:
            return False
        try:
            held, file = self._begun(held)
            while not file.listed:
                held, file = self._step(held, file)
            held, file = self._removed(held, file)
            self._ready(held, file)
        except Stopped as stop:
            self._put_back(stop)
            return False
        except Overtaken:
            return False
        return True

    def _put_back(self, stop: Stopped) -> None:
        again = self.clock.now() + AGAIN
        self.database.write(lambda connection: return_flows.put_back(connection, stop.held, again, stop.trouble))

    def _ruling(self, held: Flow) -> Ruling:
        """Who decides now. Raises Stopped where the flow may not be."""
        now = self.clock.now()
        purpose = Purpose(held.evidence_type, held.service_item, held.legal_basis, frozenset(held.fields))
        decides = ruling(self.policy.current(), held.system, purpose, now)
        if decides is None or decides.at_all(now) is None:
            raise Stopped(held, "not-granted")
        return decides

    def _begun(self, held: Flow) -> tuple[Flow, File]:
        """The file in the making, or a new one; what was begun under another right is given up and begun anew."""
        decides = self._ruling(held)
        with self.database.read() as connection:
            last = return_flows.newest(connection, held.id)
        grants = grants_of(decides, self.clock.now())
        if last is not None and last.status is FileStatus.MAKING:
            if last.key and (last.grants, last.division) == (grants, decides.division):
                return held, last
            return self._begin(self._given_up(held, last), Kind.SNAPSHOT, grants, decides.division)
        same = last is not None and last.status is FileStatus.READY
        same = same and last is not None and (last.grants, last.division) == (grants, decides.division)
        return self._begin(held, Kind.CHANGES if same else Kind.SNAPSHOT, grants, decides.division)

    def _begin(self, held: Flow, kind: Kind, grants: str, division: str) -> tuple[Flow, File]:
        number, now = held.files + 1, self.clock.now()
        begun = File(held.id, number, kind, grants, division, self.safe.new_key(), b"", now)
        if not self.database.write(lambda connection: return_flows.begin(connection, held, begun)):
            raise Overtaken
        return replace(held, files=number), begun

    def _given_up(self, held: Flow, file: File) -> Flow:
        ended = replace(file, status=FileStatus.GIVEN_UP, made_at=datetime.fromtimestamp(0, tz=self.clock.now().tzinfo))
        return self._kept(held, ended, lambda _connection: None)

    def _step(self, held: Flow, file: File) -> tuple[Flow, File]:
        """Look at the next subjects, and store what is new of them."""
        decides = self._ruling(held)
        self._under_its_right(held, file, decides)
        try:
            after = self.safe.subject(file)
        except CannotOpen:
            raise Stopped(held, "key-gone") from None
        try:
            batch = self.reader.batch(held, decides, after)
        except SourceProblem as problem:
            raise Stopped(held, f"source-{type(problem).__name__}") from None
        made = replace(
            file,
            cursor=self.safe.cursor(file, batch.last),
            listed=batch.over,
            unreadable=file.unreadable + batch.unreadable,
        )
        return self._kept_with(held, made, batch)

    def _under_its_right(self, held: Flow, file: File, decides: Ruling) -> None:
        """Whether the right that a file was begun under holds; else it is begun anew by the next sweep."""
        if (grants_of(decides, self.clock.now()), decides.division) != (file.grants, file.division):
            self._given_up(held, file)
            raise Overtaken

    def _kept_with(self, held: Flow, made: File, batch: Batch) -> tuple[Flow, File]:
        with self.database.read() as connection:
            known = return_flows.contents(connection, held.id, {*batch.rows, *batch.untouched})
        lines: list[str] = []
        new = {row: found.content for row, found in batch.rows.items() if row not in known}
        met = {row: found.content for row, found in batch.rows.items() if row in known}
        for row, found in batch.rows.items():
            change = Change.ADDED if row in new else Change.CHANGED
            if made.kind is Kind.SNAPSHOT:
                lines.append(line(row, Change.PRESENT, found.values, held.fields, disputed=found.disputed))
            elif row in new or known[row] != found.content:
                lines.append(line(row, change, found.values, held.fields, disputed=found.disputed))
        met |= {row: known[row] for row in batch.untouched if row in known}
        noted = partial(return_flows.sent, flow=held.id, number=made.number, new=new, met=met)
        return self._with_part(held, made, lines, noted)

    def _removed(self, held: Flow, file: File) -> tuple[Flow, File]:
        """Lines for records that were sent before and are not there any more; a snapshot stands for itself."""
        while True:
            with self.database.read() as connection:
                gone = return_flows.gone(connection, held.id, file.number, REMOVED_AT_ONCE)
            if not gone:
                return held, file
            left = partial(return_flows.leave, flow=held.id, rows=gone, at=self.clock.now())
            lines = [] if file.kind is Kind.SNAPSHOT else [line(row, Change.REMOVED, {}, held.fields) for row in gone]
            held, file = self._with_part(held, file, lines, left)

    def _with_part(self, held: Flow, file: File, lines: Sequence[str], also: Also) -> tuple[Flow, File]:
        """Store a step with its piece, where it has lines. The first piece begins with the names of the columns."""
        if not lines and (file.parts or not file.listed):
            return self._kept(held, file, also), file
        first = header(held.fields) if file.parts == 0 else ""
        piece = self.safe.part(file, file.parts + 1, (first + "".join(lines)).encode(held.charset))
        made = replace(file, parts=piece.number, rows=file.rows + len(lines))

        def both(connection: Connection) -> None:
            return_flows.add_part(connection, held.id, file.number, piece)
            also(connection)

        return self._kept(held, made, both), made

    def _kept(self, held: Flow, file: File, also: Also) -> Flow:
        """Store how far a file is, and hold the flow on. Raises Overtaken, and nothing is stored."""
        until = self.clock.now() + LEASE

        def store(connection: Connection) -> Flow:
            on = return_flows.keep(connection, held, file, until)
            if on is None:
                raise Overtaken
            also(connection)
            return on

        return self.database.write(store)

    def _ready(self, held: Flow, file: File) -> None:
        """The file, its entry, the signal and the date of the next one together."""
        with self.database.read() as connection:
            pieces = return_flows.parts(connection, held.id, file.number)
        digest = sha256("\n".join(each.digest for each in pieces).encode()).hexdigest()
        decides, now = self._ruling(held), self.clock.now()
        self._under_its_right(held, file, decides)
        with self.database.read() as connection:
            sealed = self.reader.meets_sealed(connection, file)
            records = return_flow_books.living(connection, held.id)
        if sealed:  # somebody in it was sealed while it was made: nobody fetches it
            self._given_up(held, file)
            raise Overtaken
        facts: dict[str, JSON] = {
            "consumer": held.organisation,
            "system": held.system,
            "provider": decides.kind.provider,
            "evidence_type": held.evidence_type,
            "service_item": held.service_item,
            "legal_basis": held.legal_basis,
            "fields": [*held.fields],
            "division": file.division,
            "grants": [*file.grants.split()],
            "kind": file.kind.value,
            "rows": file.rows,
            "records": records,
            "unreadable": file.unreadable,
            "parts": file.parts,
            "digest": digest,
        }

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            made = replace(
                file, status=FileStatus.READY, digest=digest, entry=receipts[0].index, made_at=now, cursor=b""
            )
            on = return_flows.keep(connection, held, made, now + LEASE)
            if on is None or not return_flows.put_back(connection, on, now + EVERY[held.every]):
                raise Overtaken
            data: dict[str, JSON] = {"flow": held.id, "file": file.number}
            cause = f"{held.id}/{file.number}"
            put(connection, to_system(SignalKind.RETURN_FLOW_READY, held.system, cause=cause, at=now, data=data))

        try:
            self.ledger.append([Event(MADE, held.id, str(file.number), facts)], fence=decides.snapshot.epoch, also=also)
        except FenceMoved:
            raise Stopped(held, "policy-moved") from None


def grants_of(decides: Ruling, now: datetime) -> str:
    """The grants that a flow rests on now, by their references; '' for none."""
    permit = decides.at_all(now)
    return "" if permit is None else " ".join(permit.grants)
