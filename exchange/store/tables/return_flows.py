"""Return flows, their files and parts, and what of each record was sent last."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import BIG, METADATA, text
from kernel.database import Instant

return_flow = sa.Table(
    "return_flow",
    METADATA,
    text("id", primary_key=True),
    text("system"),
    text("organisation"),
    text("evidence_type"),
    text("service_item"),
    text("legal_basis"),
    text("fields"),
    text("charset"),
    text("every"),
    text("status"),
    text("trouble"),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("files", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index("return_flow_system", "system"),
    sa.Index("return_flow_due", "status", "due_at"),
)
"""``files`` counts those begun; ``due_at`` is when to make the next and, once claimed, until when it is somebody's."""

return_flow_file = sa.Table(
    "return_flow_file",
    METADATA,
    text("flow", primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    text("kind"),
    text("status"),
    text("grants"),
    text("division"),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("cursor", sa.LargeBinary, nullable=False),
    sa.Column("listed", sa.Boolean, nullable=False),
    sa.Column("parts", sa.Integer, nullable=False),
    sa.Column("rows", BIG, nullable=False),
    sa.Column("unreadable", BIG, nullable=False),
    text("digest"),
    sa.Column("entry", BIG, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
)
"""``key`` is the wrapped data key of its parts and cursor (empty once they are gone), ``cursor`` whom was looked at
last, sealed; ``listed`` that everybody was.
"""

return_flow_part = sa.Table(
    "return_flow_part",
    METADATA,
    text("flow", primary_key=True),
    sa.Column("file", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("size", BIG, nullable=False),
    text("digest"),
    sa.Column("fetched_at", Instant, nullable=True),
)
"""A piece of a file, encrypted; ``size`` and ``digest`` (SHA-256) are those of what is inside; ``fetched_at``: last."""

_LEFT = sa.text("left_at IS NOT NULL")
return_flow_row = sa.Table(
    "return_flow_row",
    METADATA,
    text("flow", primary_key=True),
    text("row", primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("first", sa.Integer, nullable=False, server_default="1"),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("left_at", Instant, nullable=True),
    sa.Index("return_flow_row_seen", "flow", "seen"),
    sa.Index("return_flow_row_left", "left_at", sqlite_where=_LEFT, postgresql_where=_LEFT),
)
"""What was sent last of each record: a pseudonym and a keyed hash, met in the files from ``first`` to ``seen``.

Of a record that is not there any more, or whose flow was ended, the pseudonym is kept from ``left_at`` on, so that
whoever it is about is told; the hash is empty.
"""
