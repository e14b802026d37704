"""Recertification campaigns and their items."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

campaign = sa.Table(
    "campaign",
    METADATA,
    text("id", primary_key=True),
    text("title"),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    text("provider"),
    text("consumer"),
    text("evidence_type"),
    sa.Column("in_force_days", sa.Integer, nullable=False),
    sa.Column("days", sa.Integer, nullable=False),
    sa.Column("began", Instant, nullable=False),
    sa.Column("items", sa.Integer, nullable=False),
    text("opened_by"),
    text("told"),
    text("reason"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("campaign_status", "status", "id"),
)
"""``provider``, ``consumer``, ``evidence_type`` and ``in_force_days`` say what was chosen ('' and 0 for any); ``told``
the per cents of the time at which was reminded, with commas.
"""

campaign_item = sa.Table(
    "campaign_item",
    METADATA,
    text("campaign", primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    text("grant_id"),
    sa.Column("version", sa.Integer, nullable=False),
    text("provider"),
    text("consumer"),
    text("evidence_type"),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    text("words"),
    text("answered_by"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("campaign_item_status", "campaign", "status", "number"),
    sa.Index("campaign_item_grant", "grant_id", "status"),
)
"""One grant version put before its provider, and what became of it."""
