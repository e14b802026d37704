"""Challenges of uses, and what happened to each."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, subject_index, text
from kernel.database import Instant

challenge = sa.Table(
    "challenge",
    METADATA,
    text("id", primary_key=True),
    sa.Column("entry", sa.BigInteger, nullable=False),
    text("organisation"),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    subject_index(),
    sa.Column("said", sa.BigInteger, nullable=False),
    text("state"),
    sa.Column("next_due", Instant),
    sa.UniqueConstraint("entry", "subject", name="challenge_once"),
    sa.Index("challenge_organisation", "organisation", "id"),
    sa.Index("challenge_due", "next_due"),
)
"""``entry`` is the one that is challenged, once by each whom it is about; ``said`` the one where the log keeps what was
said with it.

``subject`` is the blind index of whoever challenged it.
"""

challenge_event = sa.Table(
    "challenge_event",
    METADATA,
    text("challenge", primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    text("name"),
    text("facts"),
    sa.Column("at", Instant, nullable=False),
)
"""What happened to each, as the log has it."""
