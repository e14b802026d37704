"""The ledger as the services use it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from kernel.clock import Clock
from kernel.database import Database, DatabaseUnavailable
from kernel.entropy import Entropy
from kernel.envelope import KeyEncryptionKey
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger import checkpoint, erasure, reader, rows
from kernel.ledger.batch import Also, BatchWriter, Outcome, Request, Share
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.event import Event, InvalidEvent, Located, drafts, month
from kernel.ledger.merkle import EMPTY_ROOT
from kernel.ledger.ownership import Ownership
from kernel.ledger.reader import InclusionProof
from kernel.ledger.receipt import Receipt, lines_of, proof_text
from kernel.ledger.sequencer import MOST_ENTRIES_IN_A_CALL, Sequencer
from kernel.ledger.subjects import Subjects
from kernel.ledger.usage import UsageEntry

T = TypeVar("T")

REQUEST_SECONDS, COMMAND_SECONDS = 5.0, 60.0
"""How long an entry may take: a request's caller would not wait longer; who sits at a terminal would rather wait than
wonder whether it was written, on a busy machine, too.
"""


class Ledger:
    """One service's log. Safe to share between threads; opened once in each process."""

    def __init__(
        self,
        database: Database,
        *,
        origin: str,
        signer: checkpoint.NoteSigner,
        kek: KeyEncryptionKey,
        tag_key: bytes,
        clock: Clock,
        entropy: Entropy,
        fence: Callable[[Connection], int] | None = None,
        serving: bool = False,
    ) -> None:
        """``tag_key`` blinds the index by which subjects are found; ``fence`` reads the value decisions are made under.

        ``serving``: on SQLite, own the log or raise LedgerOwned. Commands that write now and then leave it False.
        """
        subjects = Subjects(checkpoint.check_origin(origin), kek, tag_key)
        self._database, self._signer, self._clock, self._entropy = database, signer, clock, entropy
        self._subjects = subjects
        self._batches = BatchWriter(origin, signer, clock, subjects, fence)
        self._sequencer = Sequencer(self._write)
        self._ownership = _own(database) if serving else None
        self._patience = REQUEST_SECONDS if serving else COMMAND_SECONDS
        self.origin = origin
        self.vkey = checkpoint.vkey(origin, signer.public_key)
        """C2SP verifier key: what strangers need."""

    def append(
        self,
        events: Sequence[Event],
        *,
        fence: int | None = None,
        also: Also | None = None,
        shares: Sequence[Share] = (),
        timeout: float | None = None,
    ) -> list[Receipt]:
        """Record events, adjacent and all or none, and return their receipts once they are durable.

        ``fence`` is the value the decision was made under: FenceMoved when another holds now. ``also`` writes what
        must commit with the entries; it may run more than once, so it does nothing but write on its connection, and an
        error it raises is raised here. ``shares`` are written after it, together with those of other calls (Share). An
        event recorded before yields its old receipt (``repeated``); when that is so for all of them, neither fence nor
        ``also`` nor ``shares`` are looked at: they had their turn when the entry was written.

        Raises LedgerUnavailable when nothing can be recorded or it took longer than ``timeout`` seconds (as long as
        a request may wait, and where nobody serves as long as somebody at a terminal may), InvalidEvent
        for an event that cannot become a leaf. Whatever it raises, the caller must release nothing.
        """
        if not 0 < len(events) <= MOST_ENTRIES_IN_A_CALL:
            raise InvalidEvent(f"a call records between 1 and {MOST_ENTRIES_IN_A_CALL} events")
        return self._sequencer.submit(
            Request(drafts(events, self._entropy, self._subjects.locate), fence, also, shares),
            self._patience if timeout is None else timeout,
        )

    def in_turn(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction of its own that comes before a batch or after it, on whatever node; its result.

        For what must not wait until something can be recorded, but touches rows that batches touch too: a batch holds
        those of several calls, in whatever order these came, so who held one and waited for another could stop it.
        Raises DatabaseUnavailable and what ``work`` raises.
        """

        def ordered(connection: Connection) -> T:
            rows.head(connection, lock=True)
            return work(connection)

        return self._database.write(ordered)

    def _write(self, requests: Sequence[Request]) -> list[Outcome]:
        """When a commit's acknowledgement is lost, look again: what was committed is found, the rest is written.

        So it is after a pause, too: heads and fences are read anew.
        """
        try:
            return self._write_once(requests)
        except DatabaseUnavailable as error:
            if not (error.uncertain or error.paused):
                raise
        return self._write_once(requests)

    def _write_once(self, requests: Sequence[Request]) -> list[Outcome]:
        return self._database.write(
            lambda connection: self._batches.write(connection, requests), timeout=2 * self._patience
        )

    def checkpoint(self) -> str:
        """The newest signed checkpoint. Raises LedgerUnavailable where none is kept, though there are entries: to sign
        that there are none would contradict what was signed before.
        """
        with self._database.read() as connection:
            head, note = rows.head(connection), rows.newest_note(connection)
        if note is None and head is not None and head.frontier.size:
            raise LedgerUnavailable("the log's checkpoints are gone")
        return self._empty() if note is None else note

    def checkpoint_and_kept(self) -> tuple[str, int]:
        """The newest signed checkpoint ("" where it is gone), and how many entries are kept at that moment.

        They are as many as it says, unless others wrote.
        """
        with self._database.read() as connection:
            note, kept = rows.newest_note_and_kept(connection)
        if note is None:
            note = "" if kept else self._empty()
        return note, kept

    def _empty(self) -> str:
        """The checkpoint of a log that never held an entry."""
        return checkpoint.sign(self.origin, 0, EMPTY_ROOT, self._signer)

    def size(self) -> int:
        """How many entries the log holds."""
        with self._database.read() as connection:
            return reader.size_of(connection)

    def proof(self, index: int, size: int | None = None) -> InclusionProof:
        """The inclusion proof in the tree of ``size`` leaves, by default the newest. Raises NoSuchEntry."""
        with self._database.read() as connection:
            return reader.read_proof(connection, index, size)

    def proof_text(self, index: int) -> str:
        """C2SP ``tlog-proof@v1`` against the newest checkpoint, without leaf or salt: public. Raises NoSuchEntry."""
        note = self.checkpoint()
        return proof_text(index, lines_of(self.proof(index, checkpoint.size_of(note)).hashes), note)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """RFC 6962 §2.1.2: the proof that the tree of ``new`` leaves extends the one of ``old``. Raises NoSuchEntry."""
        with self._database.read() as connection:
            return reader.read_consistency(connection, old, new)

    def entries(self, start: int, end: int) -> list[bytes]:
        """Leaves ``start`` … ``end`` - 1, as far as the log has them."""
        with self._database.read() as connection:
            return rows.leaves(connection, start, end)

    def tags(self, start: int, end: int) -> list[bytes | None]:
        """The tags under which people find entries ``start`` … ``end`` - 1; None for entries about nobody."""
        with self._database.read() as connection:
            return rows.tags(connection, start, end)

    def find(self, request: str, item: str, name: str) -> Receipt | None:
        """The receipt of an event, when it is recorded."""
        identity = (request, item, name)
        with self._database.read() as connection:
            index = rows.find(connection, [identity]).get(identity)
            return None if index is None else reader.read_receipt(connection, index)

    def of_item(self, request: str, item: str) -> list[UsageEntry]:
        """Every entry about one item of a request, oldest first."""
        with self._database.read() as connection:
            return [UsageEntry.of(index, leaf) for index, leaf in rows.of_item(connection, request, item)]

    def receipt(self, index: int) -> Receipt:
        """An entry's receipt, as it was first given out; without salt after an erasure. Raises NoSuchEntry."""
        with self._database.read() as connection:
            return reader.read_receipt(connection, index)

    def locate(self, subject: SubjectRef) -> Located:
        """How the log finds a subject: may be kept in place of a number until an entry about them is written."""
        return Located(self._subjects.locate(subject))

    def usage_of(self, subject: SubjectRef) -> list[UsageEntry]:
        """Every entry about a subject, oldest first; none when it is unknown or erased."""
        located = self._subjects.locate(subject)
        with self._database.read() as connection:
            known = self._subjects.key(connection, located)
            if known is None:
                return []
            tags = self._subjects.tags(*known, self._last_month())
            return [UsageEntry.of(index, leaf) for index, leaf in rows.tagged(connection, tags)]

    def open_payload(self, index: int) -> bytes | None:
        """What was kept beside an entry, decrypted; None when nothing was, or its subject was erased."""
        with self._database.read() as connection:
            kept = rows.payload(connection, index)
            if kept is None or kept.subject is None or kept.ciphertext is None:
                return None
            known = self._subjects.key(connection, kept.subject)
        return known and self._subjects.open(known[0], index, kept.ciphertext)

    def drop_payload(self, connection: Connection, index: int) -> None:
        """Delete what was kept beside an entry once it has served its purpose, in the transaction that says so."""
        rows.drop_payload(connection, index)

    def erase(self, subject: SubjectRef) -> int:
        """Delete a subject's key, salts and payloads and record that it was done; how many entries lost theirs.

        Proofs and receipts given out keep verifying. A subject the log does not know changes nothing. Raises
        LedgerUnavailable.
        """
        located = self._subjects.locate(subject)
        with self._database.read() as connection:
            if not rows.subjects(connection, [located]):
                return 0
        forgetting = erasure.Forgetting(self._subjects, located, self._last_month())
        self.append([erasure.event(new_id("erasure", self._clock, self._entropy))], also=forgetting)
        with suppress(DBAPIError):  # erased it is; the database's own routine overwrites what could not be at once
            erasure.scrub(self._database)
        return forgetting.entries

    def _last_month(self) -> str:
        """The newest month a tag can be of, were another node's clock a day ahead."""
        return month(self._clock.now() + timedelta(days=1))

    def ready(self) -> None:
        """Raise LedgerUnavailable unless entries can be recorded now and the head is what its checkpoint says."""
        try:
            self._database.ready()
            with self._database.read() as connection:
                found = rows.head_and_note(connection)
        except (DatabaseUnavailable, DBAPIError, ValueError) as error:
            raise LedgerUnavailable.because(error) from error
        if found is not None:
            self._check(*found)

    def _check(self, head: rows.Head, note: str | None) -> None:
        if head.origin != self.origin:
            raise LedgerUnavailable("the database holds the log of another origin")
        size, root = head.frontier.size, head.frontier.root()
        if size and not (note or "").startswith(checkpoint.body(self.origin, size, root)):
            raise LedgerUnavailable("the head and its checkpoint contradict each other")

    def close(self) -> None:
        """Write what waits, refuse what comes after, and give the log back."""
        self._sequencer.close()
        if self._ownership is not None:
            self._ownership.release()


def _own(database: Database) -> Ownership | None:
    """On SQLite the log has one serving process; on PostgreSQL the head's row lock orders any number of them."""
    file = database.engine.url.database
    return Ownership(Path(file)) if database.dialect == "sqlite" and file else None
