"""The catalogue can be searched: its entries and their words, filled from what is published already."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from exchange.catalogue.indexing import searchable

revision = "0005"
down_revision = "0004"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def upgrade() -> None:
    entries = op.create_table(
        "catalogue_entry",
        sa.Column("id", _BIG, primary_key=True),
        *(_text(name) for name in ("kind", "name", "organisation", "share_type", "words")),
        sa.UniqueConstraint("kind", "name", name="catalogue_entry_once"),
    )
    op.create_index("catalogue_entry_organisation", "catalogue_entry", ["organisation"])
    words = op.create_table(
        "catalogue_word",
        sa.Column("word", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True),
        _text("kind", primary_key=True),
        sa.Column("entry", _BIG, primary_key=True, autoincrement=False),
        sa.Column("weight", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("catalogue_word_entry", "catalogue_word", ["entry", "word"])
    _fill(entries, words)


def _fill(entries: sa.Table, words: sa.Table) -> None:
    published = op.get_bind().execute(sa.text("SELECT document FROM catalogue_object ORDER BY kind, name")).scalars()
    found = [one for one in (searchable(json.loads(text)) for text in published.all()) if one is not None]
    for one in found:
        row = {"kind": one.kind, "name": one.name, "organisation": one.organisation, "share_type": one.share_type}
        key = op.get_bind().execute(entries.insert().values(**row, words=one.text).returning(entries.c.id)).scalar_one()
        listed = [{"word": word, "kind": one.kind, "entry": key, "weight": n} for word, n in one.weights.items()]
        op.bulk_insert(words, listed)
