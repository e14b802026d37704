"""Reading the log: receipts, proofs and checkpoints from stored rows, O(log n) of them for each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from kernel.ledger import checkpoint, merkle, rows
from kernel.ledger.errors import NoSuchEntry
from kernel.ledger.receipt import Receipt, lines_of


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """RFC 6962 §2.1.1: the siblings from leaf to root in the tree of ``size`` leaves."""

    index: int
    size: int
    hashes: tuple[bytes, ...]


def size_of(connection: Connection) -> int:
    """How many entries the log holds."""
    head = rows.head(connection)
    return head.frontier.size if head else 0


def read_proof(connection: Connection, index: int, size: int | None = None) -> InclusionProof:
    """The proof for an entry in the tree of ``size`` leaves (default: now). Raises NoSuchEntry."""
    size = _within(connection, size)
    if not 0 <= index < size:
        raise NoSuchEntry("the tree has no such entry")
    return InclusionProof(index, size, tuple(_hashes(connection, merkle.inclusion_path(index, size), size)))


def read_consistency(connection: Connection, old: int, new: int) -> list[bytes]:
    """RFC 6962 §2.1.2: the proof that the tree of ``new`` leaves extends the one of ``old``. Raises NoSuchEntry."""
    _within(connection, new)
    if not 0 <= old <= new:
        raise NoSuchEntry("the older tree cannot be the larger one")
    return _hashes(connection, merkle.consistency_path(old, new), new)


def read_receipt(connection: Connection, index: int, *, repeated: bool = False) -> Receipt:
    """An entry's receipt, against the checkpoint it was acknowledged under: the same text every time.

    Without salt once the subject was erased. Raises NoSuchEntry.
    """
    note = rows.first_note_covering(connection, index) if index >= 0 else None
    if note is None:
        raise NoSuchEntry("the log has no such entry")
    kept = rows.payload(connection, index)
    leaf = rows.leaves(connection, index, index + 1)[0]
    proof = read_proof(connection, index, checkpoint.size_of(note))
    salt = kept.salt if kept else b""
    return Receipt(index, leaf, salt, note, lambda: lines_of(proof.hashes), repeated)


def _within(connection: Connection, size: int | None) -> int:
    held = size_of(connection)
    if size is not None and not 0 <= size <= held:
        raise NoSuchEntry("the log has not grown to this size")
    return held if size is None else size


def _hashes(connection: Connection, path: list[merkle.Coordinate], size: int) -> list[bytes]:
    if not path:
        return []
    known = merkle.with_right_edge(size, rows.nodes(connection, merkle.needed(path, size)))
    return [known[at] for at in path]
