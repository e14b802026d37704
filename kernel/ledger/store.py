"""The log's tables.

A leaf's row keeps the hashes of the complete subtrees that end with it, so a proof reads O(log n) rows and a hash tile
at most 256. ``ledger_payload`` and ``ledger_subject`` hold everything that erasure must reach, and nothing of it is in
``ledger_entry``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

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
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _bytes(name: str, *, primary_key: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False, primary_key=primary_key)
