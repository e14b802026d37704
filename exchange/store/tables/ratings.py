"""Ratings of cases, and what happened to each."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

rating = sa.Table(
    "rating",
    METADATA,
    text("case_id", primary_key=True),
    text("organisation"),
    text("service_item"),
    sa.Column("grade", sa.Integer, nullable=False),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("entry", sa.BigInteger, nullable=False),
    text("state"),
    sa.Column("next_due", Instant),
    sa.Column("rated_at", Instant, nullable=False),
    sa.Index("rating_status", "status", "case_id"),
    sa.Index("rating_organisation", "organisation", "rated_at"),
    sa.Index("rating_due", "next_due"),
)
"""``entry`` is where the log keeps what was said with it."""

rating_event = sa.Table(
    "rating_event",
    METADATA,
    text("case_id", primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    text("name"),
    text("facts"),
    sa.Column("at", Instant, nullable=False),
)
"""What happened to each, as the log has it."""
