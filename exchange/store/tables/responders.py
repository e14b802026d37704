"""Tasks of people who answer, what happened to each, and apart from them what is sealed."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

responder_task = sa.Table(
    "responder_task",
    METADATA,
    text("id", primary_key=True),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    text("organisation"),
    text("consumer"),
    text("state"),
    sa.Column("next_due", Instant, nullable=True),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("responder_task_office", "organisation", "status"),
    sa.Index("responder_task_consumer", "consumer", "status"),
    sa.Index("responder_task_due", "next_due"),
)
"""``organisation`` is the office whose turn it is; ``next_due`` when its clock is to be looked at, None when it ended.
"""

responder_task_event = sa.Table(
    "responder_task_event",
    METADATA,
    text("task", primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    text("name"),
    text("facts"),
    sa.Column("at", Instant, nullable=False),
)
"""What happened to each task, as the log has it."""

responder_task_secret = sa.Table(
    "responder_task_secret",
    METADATA,
    text("task", primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
"""Whom it is about, what was asked back and what was answered, under a data key of its own; gone once it is passed on.
"""
