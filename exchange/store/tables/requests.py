"""Access requests, and the calendars and service levels their clocks are counted by."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

request_rule = sa.Table(
    "request_rule",
    METADATA,
    text("kind", primary_key=True),
    text("name", primary_key=True),
    text("effective_from", primary_key=True),
    text("document"),
    sa.Column("changed_at", Instant, nullable=False),
)
"""Calendar tables and service levels as officers wrote them, by the day (ISO 8601, China) each version counts from."""

access_request = sa.Table(
    "access_request",
    METADATA,
    text("id", primary_key=True),
    text("parent"),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    text("consumer"),
    text("provider"),
    sa.Column("next_due", Instant, nullable=True),
    text("state"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("access_request_status", "status", "id"),
    sa.Index("access_request_parent", "parent"),
    sa.Index("access_request_next_due", "next_due"),
)
"""``next_due`` is when the clock of the present step is looked at next: derived, and renewed with the calendar."""

access_request_batch = sa.Table(
    "access_request_batch",
    METADATA,
    text("id", primary_key=True),
    text("by"),
    text("organisation"),
    text("evidence_type"),
    text("purpose"),
    sa.Column("at", Instant, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
)
"""Requests for many departments: the parents that ``access_request.parent`` names."""

access_request_event = sa.Table(
    "access_request_event",
    METADATA,
    text("request", primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    text("name"),
    text("facts"),
    sa.Column("at", Instant, nullable=False),
)
"""What happened to each request, as the log has it."""
