"""Where offices have their messages sent, what waits to be sent, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

_WAITING = sa.text("outcome = 'waiting'")

forwarding = sa.Table(
    "forwarding",
    METADATA,
    text("id", primary_key=True),
    text("organisation"),
    text("role"),
    text("way"),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    text("kinds"),
    text("pace"),
    text("language"),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    text("trouble"),
    text("digested"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("proven_at", Instant, nullable=True),
    sa.Index("forwarding_office", "role", "organisation"),
)
"""``wrapped`` and ``sealed`` hold the address; ``kinds`` which messages go there besides the urgent ones; ``digested``
is the last day that a digest was made for, ``trouble`` why it is parked."""

forwarded_message = sa.Table(
    "forwarded_message",
    METADATA,
    text("forwarding", primary_key=True),
    text("message", primary_key=True),
    text("kind"),
    sa.Column("at_once", sa.Boolean, nullable=False),
    text("post"),
    sa.Column("at", Instant, nullable=False),
    sa.Index("forwarded_message_post", "post", "at_once", "forwarding"),
    sa.Index("forwarded_message_at", "at"),
)
"""The outbox, written beside the message; ``post`` is what it went out in, '' while it waits."""

forwarding_post = sa.Table(
    "forwarding_post",
    METADATA,
    text("id", primary_key=True),
    text("forwarding"),
    text("kind"),
    text("outcome"),
    text("trouble"),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("settled_at", Instant, nullable=True),
    sa.Index("forwarding_post_of", "forwarding", "id"),
    sa.Index("forwarding_post_made", "made_at"),
    sa.Index("forwarding_post_waiting", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
)
"""One mail or one call, and what became of it."""
