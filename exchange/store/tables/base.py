"""What all tables hang on: one metadata, the log's own tables, and the kinds of columns."""

from __future__ import annotations

import sqlalchemy as sa

from kernel.ledger import store as ledger_store

METADATA = sa.MetaData()

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number that SQLite may use as the key of its rows."""


def text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    """A column of text that is always there."""
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def subject_index(name: str = "subject", *, primary_key: bool = False) -> sa.Column[bytes]:
    """A blind index (32 bytes), never a number."""
    return sa.Column(name, sa.LargeBinary, nullable=False, primary_key=primary_key)


ledger_store.define(METADATA)
"""The log itself, in the same database, so that a release and the epoch it was decided under meet in one transaction.
"""
