"""Tables of the catalogue's words, which 0046 takes away again: they are left empty."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def upgrade() -> None:
    op.create_table(
        "catalogue_entry",
        sa.Column("id", _BIG, primary_key=True),
        *(_text(name) for name in ("kind", "name", "organisation", "share_type", "words")),
        sa.UniqueConstraint("kind", "name", name="catalogue_entry_once"),
    )
    op.create_index("catalogue_entry_organisation", "catalogue_entry", ["organisation"])
    op.create_table(
        "catalogue_word",
        sa.Column("word", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True),
        _text("kind", primary_key=True),
        sa.Column("entry", _BIG, primary_key=True, autoincrement=False),
        sa.Column("weight", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("catalogue_word_entry", "catalogue_word", ["entry", "word"])
