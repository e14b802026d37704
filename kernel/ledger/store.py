"""The log's tables, and the statements that touch them, written for the driver and composed once.

A leaf's row keeps the hashes of the complete subtrees that end with it, so a proof reads O(log n) rows and a hash tile
at most 256. ``ledger_payload`` and ``ledger_subject`` hold everything that erasure must reach, and nothing of it is in
``ledger_entry``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from kernel.ledger import merkle
from kernel.ledger.event import Identity

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite: INTEGER PRIMARY KEY is the rowid itself


@dataclass(frozen=True, slots=True)
class LedgerTables:
    """The five tables of a log."""

    head: sa.Table
    entry: sa.Table
    checkpoint: sa.Table
    payload: sa.Table
    subject: sa.Table


def define(metadata: sa.MetaData) -> LedgerTables:
    """The log's tables on a service's metadata."""
    return LedgerTables(*(sa.Table(name, metadata, *parts) for name, parts in _tables()))


def create_v1(op: Any) -> None:
    """Make the first form of the tables; ``op`` is ``alembic.op`` in a service's migration."""
    for name, parts in _tables():
        op.create_table(name, *parts)


def _tables() -> list[tuple[str, tuple[sa.schema.SchemaItem, ...]]]:
    """Fresh columns on every call: a column belongs to one table of one metadata."""
    return [
        ("ledger_head", _head()),
        ("ledger_entry", _entry()),
        ("ledger_checkpoint", (sa.Column("size", _BIG, primary_key=True, autoincrement=False), _text("note"))),
        ("ledger_payload", _payload()),
        ("ledger_subject", (_bytes("subject", primary_key=True), _bytes("wrapped"), _text("since"))),
    ]


def _head() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        _text("origin"),
        sa.Column("size", _BIG, nullable=False),
        _bytes("frontier"),
        sa.CheckConstraint("one = 1", name="ledger_head_is_one_row"),
    )


def _entry() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("idx", _BIG, primary_key=True, autoincrement=False),
        _text("request"),
        _text("item"),
        _text("event"),
        _bytes("nodes"),
        sa.Column("tag", sa.LargeBinary, nullable=True),
        _bytes("leaf"),
        sa.UniqueConstraint("request", "item", "event", name="ledger_entry_once"),
        sa.Index(
            "ledger_entry_tag",
            "tag",
            sqlite_where=sa.text("tag IS NOT NULL"),
            postgresql_where=sa.text("tag IS NOT NULL"),
        ),
    )


def _payload() -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("idx", _BIG, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.LargeBinary, nullable=True),
        _bytes("salt"),
        sa.Column("ciphertext", sa.LargeBinary, nullable=True),
        sa.Index("ledger_payload_subject", "subject"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _bytes(name: str, *, primary_key: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False, primary_key=primary_key)


@cache
def _for_driver(sql: str, dialect: str) -> str:
    """Statements are written for SQLite's driver; psycopg writes its placeholders ``%s``."""
    return sql.replace("?", "%s") if dialect == "postgresql" else sql


@cache
def _list(count: int) -> str:
    return "(" + ",".join("?" * count) + ")"


def _run(connection: Connection, sql: str, parameters: tuple[Any, ...] = ()) -> sa.CursorResult[*tuple[Any, ...]]:
    return connection.exec_driver_sql(_for_driver(sql, connection.dialect.name), parameters)


def _run_many(connection: Connection, sql: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        connection.exec_driver_sql(_for_driver(sql, connection.dialect.name), rows)


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
    row = _run(connection, _HEAD + suffix).one_or_none()
    return None if row is None else Head(row[0], merkle.Frontier.from_bytes(row[1], bytes(row[2])))


def begin_head(connection: Connection, origin: str) -> None:
    """Make the head of an empty log, unless another node just did."""
    sql = "INSERT INTO ledger_head (one, origin, size, frontier) VALUES (1, ?, 0, ?) ON CONFLICT DO NOTHING"
    _run(connection, sql, (origin, b""))


def move_head(connection: Connection, frontier: merkle.Frontier, note: str) -> None:
    """The new head, with the signed checkpoint that speaks of it."""
    _run(connection, "UPDATE ledger_head SET size = ?, frontier = ?", (frontier.size, frontier.to_bytes()))
    _run(connection, "INSERT INTO ledger_checkpoint (size, note) VALUES (?, ?)", (frontier.size, note))


# Entries --------------------------------------------------------------------------------------------------------------


def add_entries(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Rows of idx, request, item, event, nodes, tag, leaf."""
    sql = "INSERT INTO ledger_entry (idx, request, item, event, nodes, tag, leaf) VALUES (?, ?, ?, ?, ?, ?, ?)"
    _run_many(connection, sql, rows)


def find(connection: Connection, identities: Iterable[Identity]) -> dict[Identity, int]:
    """Which of these events are recorded, and where."""
    wanted = set(identities)
    requests = tuple({request for request, _, _ in wanted})
    if not requests:
        return {}
    sql = f"SELECT request, item, event, idx FROM ledger_entry WHERE request IN {_list(len(requests))}"  # noqa: S608 - only question marks are composed
    found = {(row[0], row[1], row[2]): int(row[3]) for row in _run(connection, sql, requests)}
    return {identity: found[identity] for identity in wanted & found.keys()}


def leaves(connection: Connection, start: int, end: int) -> list[bytes]:
    """Leaves ``start`` … ``end`` - 1, in order."""
    sql = "SELECT leaf FROM ledger_entry WHERE idx >= ? AND idx < ? ORDER BY idx"
    return [bytes(row[0]) for row in _run(connection, sql, (start, end))]


def tagged(connection: Connection, tags: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """Index and leaf of the entries that bear one of these tags, oldest first."""
    sql = f"SELECT idx, leaf FROM ledger_entry WHERE tag IN {_list(len(tags))} ORDER BY idx"  # noqa: S608 - only question marks are composed
    return [(int(row[0]), bytes(row[1])) for row in _run(connection, sql, tuple(tags))]


def nodes(connection: Connection, coordinates: Iterable[merkle.Coordinate]) -> dict[merkle.Coordinate, bytes]:
    """Hashes of complete subtrees; the caller made sure that the tree holds them."""
    wanted = list(coordinates)
    rows = tuple({merkle.row_of(one) for one in wanted})
    sql = f"SELECT idx, nodes FROM ledger_entry WHERE idx IN {_list(len(rows))}"  # noqa: S608 - only question marks are composed
    found = {int(row[0]): bytes(row[1]) for row in _run(connection, sql, rows)}
    return {one: _chunk(found[merkle.row_of(one)], one[0]) for one in wanted}


def _chunk(nodes_of_row: bytes, level: int) -> bytes:
    return nodes_of_row[merkle.HASH_BYTES * level : merkle.HASH_BYTES * (level + 1)]


# Checkpoints ----------------------------------------------------------------------------------------------------------


def newest_note(connection: Connection) -> str | None:
    """The newest signed checkpoint."""
    row = _run(connection, "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1").one_or_none()
    return None if row is None else str(row[0])


def first_note_covering(connection: Connection, index: int) -> str | None:
    """The checkpoint an entry was acknowledged under: the smallest whose tree holds it."""
    sql = "SELECT note FROM ledger_checkpoint WHERE size > ? ORDER BY size LIMIT 1"
    row = _run(connection, sql, (index,)).one_or_none()
    return None if row is None else str(row[0])


# Payloads and subjects ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Payload:
    """What is kept beside a leaf until its subject is erased."""

    subject: bytes | None
    salt: bytes
    ciphertext: bytes | None


def add_payloads(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Rows of idx, subject, salt, ciphertext."""
    _run_many(connection, "INSERT INTO ledger_payload (idx, subject, salt, ciphertext) VALUES (?, ?, ?, ?)", rows)


def payload(connection: Connection, index: int) -> Payload | None:
    """What is kept beside a leaf."""
    sql = "SELECT subject, salt, ciphertext FROM ledger_payload WHERE idx = ?"
    row = _run(connection, sql, (index,)).one_or_none()
    return None if row is None else Payload(_optional(row[0]), bytes(row[1]), _optional(row[2]))


def _optional(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def subjects(connection: Connection, indexes: Iterable[bytes]) -> dict[bytes, tuple[bytes, str]]:
    """Wrapped key and first month of the subjects that are known, by blind index."""
    wanted = tuple(indexes)
    if not wanted:
        return {}
    sql = f"SELECT subject, wrapped, since FROM ledger_subject WHERE subject IN {_list(len(wanted))}"  # noqa: S608 - only question marks are composed
    return {bytes(row[0]): (bytes(row[1]), str(row[2])) for row in _run(connection, sql, wanted)}


def add_subjects(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Rows of blind index, wrapped key, first month."""
    _run_many(connection, "INSERT INTO ledger_subject (subject, wrapped, since) VALUES (?, ?, ?)", rows)


def forget(connection: Connection, subject: bytes) -> int:
    """Delete a subject's key, salts and ciphertexts; how many entries lost theirs."""
    _run(connection, "DELETE FROM ledger_subject WHERE subject = ?", (subject,))
    return _run(connection, "DELETE FROM ledger_payload WHERE subject = ?", (subject,)).rowcount
