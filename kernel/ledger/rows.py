"""The log's rows: what is read and written, one function for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from kernel.database.driver import insert_many, listed, run
from kernel.ledger import merkle
from kernel.ledger.event import Identity

# The head -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """The state of the log as its one row says it."""

    origin: str
    frontier: merkle.Frontier


_HEAD = "SELECT origin, size, frontier FROM ledger_head"


def head(connection: Connection, *, lock: bool = False) -> Head | None:
    """The head; ``lock`` keeps every other writer out until the transaction ends (SQLite: it holds the file anyway)."""
    suffix = " FOR UPDATE" if lock and connection.dialect.name == "postgresql" else ""
    row = run(connection, _HEAD + suffix).fetchone()
    return None if row is None else _head_of(row)


def _head_of(row: Sequence[Any]) -> Head:
    return Head(row[0], merkle.Frontier.from_bytes(row[1], bytes(row[2])))


def begin_head(connection: Connection, origin: str) -> None:
    """Make the head of an empty log, unless another node just did."""
    sql = "INSERT INTO ledger_head (one, origin, size, frontier) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING"
    run(connection, sql, (origin, b""))


def move_head(connection: Connection, frontier: merkle.Frontier, note: str) -> None:
    """The new head, with the signed checkpoint that speaks of it."""
    run(connection, "UPDATE ledger_head SET size = ?, frontier = ?", (frontier.size, frontier.to_bytes()))
    run(connection, "INSERT INTO ledger_checkpoint (size, note) VALUES (?, ?)", (frontier.size, note))


# Entries --------------------------------------------------------------------------------------------------------------


def add_entries(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Rows of idx, request, item, event, nodes, tag, leaf."""
    sql = "INSERT INTO ledger_entry (idx, request, item, event, nodes, tag, leaf) VALUES (?, ?, ?, ?, ?, ?, ?)"
    insert_many(connection, sql, rows)


def find(connection: Connection, identities: Iterable[Identity]) -> dict[Identity, int]:
    """Which of these events, at least one, are recorded, and where."""
    wanted = set(identities)
    requests = tuple({request for request, _, _ in wanted})
    sql = f"SELECT request, item, event, idx FROM ledger_entry WHERE request IN {listed(len(requests))}"  # noqa: S608 - only question marks are composed
    found = {(row[0], row[1], row[2]): int(row[3]) for row in run(connection, sql, requests).fetchall()}
    return {identity: found[identity] for identity in wanted & found.keys()}


def _leaf(connection: Connection) -> str:
    """The column of leaves as octets, whatever somebody put into it: SQLite holds text in any column."""
    return "CAST(leaf AS BLOB)" if connection.dialect.name == "sqlite" else "leaf"


def of_item(connection: Connection, request: str, item: str) -> list[tuple[int, bytes]]:
    """Index and leaf of the entries about one item of a request, oldest first."""
    sql = f"SELECT idx, {_leaf(connection)} FROM ledger_entry WHERE request = ? AND item = ? ORDER BY idx"  # noqa: S608 - a column of ours
    return [(int(row[0]), bytes(row[1])) for row in run(connection, sql, (request, item)).fetchall()]


def leaves(connection: Connection, start: int, end: int) -> list[bytes]:
    """Leaves ``start`` … ``end`` - 1, in order."""
    sql = f"SELECT {_leaf(connection)} FROM ledger_entry WHERE idx >= ? AND idx < ? ORDER BY idx"  # noqa: S608 - a column of ours
    return [bytes(row[0]) for row in run(connection, sql, (start, end)).fetchall()]


def tags(connection: Connection, start: int, end: int) -> list[bytes | None]:
    """The tags by which entries ``start`` … ``end`` - 1 are found, in order."""
    sql = "SELECT tag FROM ledger_entry WHERE idx >= ? AND idx < ? ORDER BY idx"
    return [None if row[0] is None else bytes(row[0]) for row in run(connection, sql, (start, end)).fetchall()]


def tagged(connection: Connection, tags: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """Index and leaf of the entries that bear one of these tags, oldest first."""
    sql = f"SELECT idx, {_leaf(connection)} FROM ledger_entry WHERE tag IN {listed(len(tags))} ORDER BY idx"  # noqa: S608 - only question marks and a column of ours are composed
    return [(int(row[0]), bytes(row[1])) for row in run(connection, sql, tuple(tags)).fetchall()]


def nodes(connection: Connection, coordinates: Iterable[merkle.Coordinate]) -> dict[merkle.Coordinate, bytes]:
    """Hashes of complete subtrees; the caller made sure that the tree holds them."""
    wanted = list(coordinates)
    rows = tuple({merkle.row_of(one) for one in wanted})
    sql = f"SELECT idx, nodes FROM ledger_entry WHERE idx IN {listed(len(rows))}"  # noqa: S608 - only question marks are composed
    found = {int(row[0]): bytes(row[1]) for row in run(connection, sql, rows).fetchall()}
    return {one: _chunk(found[merkle.row_of(one)], one[0]) for one in wanted}


def _chunk(nodes_of_row: bytes, level: int) -> bytes:
    return nodes_of_row[merkle.HASH_BYTES * level : merkle.HASH_BYTES * (level + 1)]


# Checkpoints ----------------------------------------------------------------------------------------------------------


def newest_note(connection: Connection) -> str | None:
    """The newest signed checkpoint."""
    row = run(connection, "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def newest_note_and_kept(connection: Connection) -> tuple[str | None, int]:
    """The newest signed checkpoint, and how many entries are kept, as one statement sees them."""
    newest = "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
    row = run(connection, f"SELECT ({newest}), (SELECT count(*) FROM ledger_entry)").fetchone()  # noqa: S608 - nothing foreign is composed
    return (None, 0) if row is None else (None if row[0] is None else str(row[0]), int(row[1]))


def first_note_covering(connection: Connection, index: int) -> str | None:
    """The checkpoint an entry was acknowledged under: the smallest whose tree holds it."""
    sql = "SELECT note FROM ledger_checkpoint WHERE size > ? ORDER BY size LIMIT 1"
    row = run(connection, sql, (index,)).fetchone()
    return None if row is None else str(row[0])


def head_and_note(connection: Connection) -> tuple[Head, str | None] | None:
    """The head and the newest checkpoint, as one statement sees them; None for a log that never began."""
    newest = "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
    sql = f"SELECT origin, size, frontier, ({newest}) FROM ledger_head"  # noqa: S608 - nothing foreign is composed
    row = run(connection, sql).fetchone()
    return None if row is None else (_head_of(row), row[3])


# Payloads and subjects ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Payload:
    """What is kept beside a leaf until its subject is erased."""

    subject: bytes | None
    salt: bytes
    ciphertext: bytes | None


def add_payloads(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Rows of idx, subject, salt, ciphertext."""
    insert_many(connection, "INSERT INTO ledger_payload (idx, subject, salt, ciphertext) VALUES (?, ?, ?, ?)", rows)


def payload(connection: Connection, index: int) -> Payload | None:
    """What is kept beside a leaf."""
    sql = "SELECT subject, salt, ciphertext FROM ledger_payload WHERE idx = ?"
    row = run(connection, sql, (index,)).fetchone()
    return None if row is None else Payload(_optional(row[0]), bytes(row[1]), _optional(row[2]))


def drop_payload(connection: Connection, index: int) -> None:
    """Delete what is kept beside a leaf; its salt stays, so that whoever holds the payload can still show it."""
    run(connection, "UPDATE ledger_payload SET ciphertext = NULL WHERE idx = ?", (index,))


def _optional(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def subjects(connection: Connection, indexes: Iterable[bytes]) -> dict[bytes, tuple[bytes, str]]:
    """Wrapped key and first month of the subjects that are known, by blind index."""
    wanted = tuple(indexes)
    if not wanted:
        return {}
    sql = f"SELECT subject, wrapped, since FROM ledger_subject WHERE subject IN {listed(len(wanted))}"  # noqa: S608 - only question marks are composed
    return {bytes(row[0]): (bytes(row[1]), str(row[2])) for row in run(connection, sql, wanted).fetchall()}


def add_subjects(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Rows of blind index, wrapped key, first month."""
    insert_many(connection, "INSERT INTO ledger_subject (subject, wrapped, since) VALUES (?, ?, ?)", rows)


def forget(connection: Connection, subject: bytes, tags: Sequence[bytes]) -> int:
    """Delete a subject's key, salts and ciphertexts; how many entries lost theirs."""
    run(connection, "DELETE FROM ledger_subject WHERE subject = ?", (subject,))
    theirs = f"SELECT idx FROM ledger_entry WHERE tag IN {listed(len(tags))}"  # noqa: S608 - only question marks are composed
    return run(connection, f"DELETE FROM ledger_payload WHERE idx IN ({theirs})", tuple(tags)).rowcount  # noqa: S608
