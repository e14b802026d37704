"""Change signals, who subscribed to them, and what waits for each subscriber."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import BIG, METADATA, text
from kernel.database import Instant

_WAITING = sa.text("distributed_at IS NULL")

signal = sa.Table(
    "signal",
    METADATA,
    sa.Column("number", BIG, primary_key=True, autoincrement=True),
    text("cause"),
    text("kind"),
    text("system"),
    text("evidence_type"),
    sa.Column("subject", sa.LargeBinary, nullable=True),
    text("data"),
    sa.Column("at", Instant, nullable=False),
    sa.Column("distributed_at", Instant, nullable=True),
    sa.UniqueConstraint("cause", name="signal_once"),
    sa.Index("signal_waiting", "number", sqlite_where=_WAITING, postgresql_where=_WAITING),
)
"""The outbox: written in the transaction of what changed. ``system`` is whom it is for ('': all who rely on it)."""

signal_turn = sa.Table(
    "signal_turn",
    METADATA,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("turns", BIG, nullable=False),
)
"""One row: whoever hands signals out holds it, so that every subscriber gets them in one order."""

event_subscription = sa.Table(
    "event_subscription",
    METADATA,
    text("id", primary_key=True),
    text("system"),
    text("organisation"),
    text("kinds"),
    text("evidence_types"),
    text("delivery"),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("last_number", BIG, nullable=False),
    sa.Column("settled", BIG, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("trouble", sa.Text, nullable=False, server_default=""),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index("event_subscription_system", "system"),
    sa.Index("event_subscription_organisation", "organisation", "id"),
    sa.Index("event_subscription_due", "delivery", "status", "due_at"),
)
"""``last_number`` is that of the newest event put in its queue, ``settled`` of the last one that was acknowledged;
``due_at`` when to try next and, once claimed, until when it is somebody's; ``trouble`` why the last try failed.
"""

event = sa.Table(
    "event",
    METADATA,
    text("subscription", primary_key=True),
    sa.Column("number", BIG, primary_key=True, autoincrement=False),
    text("id"),
    text("kind"),
    text("evidence_type"),
    text("subject"),
    text("data"),
    sa.Column("at", Instant, nullable=False),
    sa.Index("event_at", "at"),
)
"""What waits for one subscriber, or was acknowledged lately; ``subject`` is a pseudonym of this subscriber's alone."""
