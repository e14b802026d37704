"""Openings of emergency access, and what happened to each."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

emergency = sa.Table(
    "emergency",
    METADATA,
    text("id", primary_key=True),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    text("consumer"),
    text("provider"),
    text("state"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("emergency_status", "status", "id"),
    sa.Index("emergency_consumer", "consumer", "status"),
)

emergency_event = sa.Table(
    "emergency_event",
    METADATA,
    text("opening", primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    text("name"),
    text("facts"),
    sa.Column("at", Instant, nullable=False),
)
"""What happened to each opening, as the log has it."""
