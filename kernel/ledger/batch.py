"""One batch of calls, written inside one transaction: entries, tree head and signed checkpoint together or not at all.

Order of writes (ADR 0007): head locked and read → repeats found → fences compared → leaves placed → subject keys,
payloads, entries → head and signed checkpoint → the callers' own writes → those they make together (ADR 0095). The
database commits after this function has returned, and nobody sees a receipt before that.

A caller's own write that fails takes its call out of the tree; the others must not notice. A leaf cannot be taken out
of a tree that is signed already, so the batch goes back to its savepoint and every call is written alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection

from kernel.clock import Clock
from kernel.database.errors import as_unavailable
from kernel.ledger import checkpoint, merkle, rows, savepoint
from kernel.ledger.errors import FenceMoved, LedgerUnavailable
from kernel.ledger.event import Draft, Identity
from kernel.ledger.reader import read_receipt
from kernel.ledger.receipt import Receipt
from kernel.ledger.subjects import Placed, Subjects

Also = Callable[[Connection, Sequence[Receipt]], None]
Outcome = list[Receipt] | Exception


@dataclass(frozen=True, slots=True)
class Share:
    """A caller's share in a write that the calls of a batch make together, by one statement instead of one each.

    ``write`` is given ``what`` of every call that names it, and writes all of it or raises. Then each call is written
    alone, and only those whose own share cannot be written are told so.
    """

    write: Callable[[Connection, Sequence[Any]], None]
    what: object


@dataclass(frozen=True, slots=True)
class Request:
    """What one caller wants recorded: all of it, adjacent, or nothing."""

    drafts: Sequence[Draft]
    fence: int | None = None
    also: Also | None = None
    shares: Sequence[Share] = ()

    @property
    def writes(self) -> bool:
        """Whether something of the caller's own goes with the entries."""
        return self.also is not None or bool(self.shares)


class AlsoFailed(Exception):
    """A caller's own write, or one made together, failed with ``error``."""

    def __init__(self, error: Exception) -> None:
        """Keep what it raised for its caller."""
        super().__init__()
        self.error = error


@dataclass(slots=True)
class Plan:
    """Who of a batch is written, and where."""

    size: int
    placed: list[Draft] = field(default_factory=list)
    indexes: dict[Identity, int] = field(default_factory=dict)
    refused: dict[int, FenceMoved] = field(default_factory=dict)
    repeats: set[int] = field(default_factory=set)

    def place(self, drafts: Sequence[Draft]) -> None:
        """Give the drafts that are new the next places."""
        for draft in drafts:
            if draft.identity not in self.indexes:
                self.indexes[draft.identity] = self.size + len(self.placed)
                self.placed.append(draft)


@dataclass(frozen=True, slots=True)
class BatchWriter:
    """Writes batches into one log."""

    origin: str
    signer: checkpoint.NoteSigner
    clock: Clock
    subjects: Subjects
    fence: Callable[[Connection], int] | None = None

    def write(self, connection: Connection, requests: Sequence[Request]) -> list[Outcome]:
        """An outcome for each request; raises when the database cannot go on, and then nothing is written."""
        if not any(request.writes for request in requests):
            return self._attempt(connection, requests)
        savepoint.mark(connection)  # ended by the commit, not by a statement of its own
        try:
            return self._attempt(connection, requests)
        except AlsoFailed as failure:
            if connection.invalidated:  # there is nothing to go back to
                raise as_unavailable(failure.error) or failure.error from failure
            savepoint.go_back(connection)
            return self._one_by_one(connection, requests, failure)

    def _one_by_one(self, connection: Connection, requests: Sequence[Request], failure: AlsoFailed) -> list[Outcome]:
        if len(requests) == 1:
            return [_for_its_caller(failure.error)]
        return [self.write(connection, [request])[0] for request in requests]

    def _attempt(self, connection: Connection, requests: Sequence[Request]) -> list[Outcome]:
        head = self._locked_head(connection)
        plan = self._plan(connection, requests, head.frontier.size)
        written = self._write_new(connection, head.frontier, plan.placed) if plan.placed else {}
        outcomes = [_outcome(connection, number, request, plan, written) for number, request in enumerate(requests)]
        new = [
            (request, outcome)
            for number, (request, outcome) in enumerate(zip(requests, outcomes, strict=True))
            if request.writes and isinstance(outcome, list) and number not in plan.repeats
        ]
        for request, receipts in new:
            if request.also is not None:
                _run(partial(request.also, connection, receipts))
        for write, shares in _together(request for request, _ in new).items():
            _run(partial(write, connection, shares))
        return outcomes

    def _locked_head(self, connection: Connection) -> rows.Head:
        head = rows.head(connection, lock=True)
        if head is None:
            rows.begin_head(connection, self.origin)
            head = rows.head(connection, lock=True)
        if head is None or head.origin != self.origin:
            raise LedgerUnavailable("the database holds the log of another origin")
        return head

    def _plan(self, connection: Connection, requests: Sequence[Request], size: int) -> Plan:
        """Places for what is new. What is recorded already needs no fence: it was released under the one it had."""
        identities = [draft.identity for request in requests for draft in request.drafts]
        plan = Plan(size, indexes=rows.find(connection, identities))
        current = self._current_fence(connection, requests)
        for number, request in enumerate(requests):
            if all(draft.identity in plan.indexes for draft in request.drafts):
                plan.repeats.add(number)
            elif request.fence is not None and request.fence != current:
                plan.refused[number] = FenceMoved(request.fence, current)
            else:
                plan.place(request.drafts)
        return plan

    def _current_fence(self, connection: Connection, requests: Sequence[Request]) -> int | None:
        """Read once a batch, after the head was locked: whoever waited for the lock compares with what holds now."""
        fenced = any(request.fence is not None for request in requests)
        return self.fence(connection) if fenced and self.fence else None

    def _write_new(
        self, connection: Connection, frontier: merkle.Frontier, drafts: Sequence[Draft]
    ) -> dict[int, Receipt]:
        placed = self.subjects.place(connection, drafts, frontier.size, self.clock.now())
        growth = merkle.grow(frontier, (merkle.leaf_hash(one.leaf) for one in placed))
        note = checkpoint.sign(self.origin, growth.frontier.size, growth.frontier.root(), self.signer)
        rows.add_entries(connection, _entry_rows(placed, growth))
        rows.add_payloads(connection, [one.kept for one in placed if one.kept])
        rows.move_head(connection, growth.frontier, note)
        return _receipts(placed, growth, note)


def _entry_rows(placed: Sequence[Placed], growth: merkle.Growth) -> list[tuple[object, ...]]:
    pairs = zip(placed, growth.nodes, strict=True)
    return [(one.index, *one.draft.identity, nodes, one.tag, one.leaf) for one, nodes in pairs]


def _receipts(placed: Sequence[Placed], growth: merkle.Growth, note: str) -> dict[int, Receipt]:
    proofs = merkle.ProofLines(growth.frontier.size, growth.stored)
    return {
        one.index: Receipt(one.index, one.leaf, one.draft.salt, note, partial(proofs.of, 0, one.index))
        for one in placed
    }


def _outcome(
    connection: Connection, number: int, request: Request, plan: Plan, written: Mapping[int, Receipt]
) -> Outcome:
    """A request's receipts: new ones from what was just written, those of repeats as they were first given out."""
    if number in plan.refused:
        return plan.refused[number]
    indexes = [plan.indexes[draft.identity] for draft in request.drafts]
    receipts = [written.get(index) or read_receipt(connection, index, repeated=True) for index in indexes]
    is_repeat = number in plan.repeats  # also of an event that another caller brought in the same batch
    return [replace(receipt, repeated=True) for receipt in receipts] if is_repeat else receipts


def _together(requests: Iterable[Request]) -> dict[Callable[[Connection, Sequence[Any]], None], list[Any]]:
    """The shares of all calls by the write they are of, in the order in which the writes were first named."""
    together: dict[Callable[[Connection, Sequence[Any]], None], list[Any]] = {}
    for request in requests:
        for share in request.shares:
            together.setdefault(share.write, []).append(share.what)
    return together


def _run(own: Callable[[], None]) -> None:
    try:
        own()
    except Exception as error:
        raise AlsoFailed(error) from error


def _for_its_caller(error: Exception) -> Exception:
    """What the caller is told: its own error, or that the database could not go on."""
    unavailable = as_unavailable(error)
    return error if unavailable is None else LedgerUnavailable.because(unavailable)
