"""People and companies of whom nothing leaves for a time."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, subject_index, text
from kernel.database import Instant

sealing = sa.Table(
    "sealing",
    METADATA,
    text("id", primary_key=True),
    subject_index(),
    text("organisation"),
    text("sealed_by"),
    text("citation"),
    sa.Column("sealed_at", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("lifted_at", Instant, nullable=True),
    sa.Index("sealing_until", "until"),
)
"""Who is sealed (a blind index), by which department on which ground (JSON), until when; ``lifted_at`` where it ended
before.
"""
