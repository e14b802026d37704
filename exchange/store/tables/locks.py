"""Whom systems looked up lately, and systems that are locked for having looked up too many."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, subject_index, text
from kernel.database import Instant

looked_up = sa.Table(
    "looked_up",
    METADATA,
    text("system", primary_key=True),
    subject_index(primary_key=True),
    text("case_id"),
    sa.Column("at", Instant, nullable=False),
    sa.Index("looked_up_at", "at"),
)
"""People (blind indexes) whom a system looked up within the hour while nobody was present, and in which case last."""

_HOLDS = sa.text("lifted_at IS NULL")

system_lock = sa.Table(
    "system_lock",
    METADATA,
    text("id", primary_key=True),
    text("system"),
    text("organisation"),
    sa.Column("people", sa.Integer, nullable=False),
    sa.Column("people_per_hour", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("lifted_at", Instant, nullable=True),
    text("lifted_by"),
    text("reason"),
    sa.Index("system_lock_holds", "system", unique=True, sqlite_where=_HOLDS, postgresql_where=_HOLDS),
)
"""Each time a system was locked, and who lifted it why; one that holds at a time for each system."""
