"""Corrections of records, and what happened to each."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

correction = sa.Table(
    "correction",
    METADATA,
    text("id", primary_key=True),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    text("provider"),
    text("consumer"),
    text("evidence_type"),
    sa.Column("subject", sa.LargeBinary, nullable=False),
    sa.Column("entry", sa.BigInteger, nullable=False),
    text("state"),
    sa.Column("next_due", Instant),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("correction_status", "status", "id"),
    sa.Index("correction_provider", "provider", "status", "id"),
    sa.Index("correction_subject", "subject", "evidence_type"),
    sa.Index("correction_due", "next_due"),
)
"""``subject`` is the blind index of whom it is about; ``entry`` is where the log keeps what was said of them."""

correction_event = sa.Table(
    "correction_event",
    METADATA,
    text("correction", primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    text("name"),
    text("facts"),
    sa.Column("at", Instant, nullable=False),
)
"""What happened to each, as the log has it."""
