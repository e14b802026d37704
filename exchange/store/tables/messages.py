"""What officers are told, and who has read it."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

message = sa.Table(
    "message",
    METADATA,
    text("id", primary_key=True),
    text("organisation"),
    text("role"),
    text("kind"),
    text("about"),
    text("facts"),
    sa.Column("at", Instant, nullable=False),
    sa.Index("message_addressee", "role", "organisation", "at"),
    sa.Index("message_at", "at"),
)
"""To whoever holds ``role`` in ``organisation`` ('' for any); ``id`` follows from the cause, so each is told once."""

message_read = sa.Table(
    "message_read",
    METADATA,
    text("message", primary_key=True),
    text("officer", primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
"""Which officer (a blind index, as in the log) has read which message."""
