"""What waits: items of requests whose answer comes later."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import BIG, METADATA, text
from kernel.database import Instant

waiting_item = sa.Table(
    "waiting_item",
    METADATA,
    text("request_id", primary_key=True),
    sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
    text("wait"),
    sa.Column("entry", BIG, nullable=False),
    text("case_id"),
    sa.Column("previewer", sa.LargeBinary, nullable=True),
    text("quotas"),
    text("day"),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant, nullable=False),
    sa.Column("next_at", Instant, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Index("waiting_item_until", "until"),
    sa.Index("waiting_item_next", "wait", "next_at"),
    sa.Index("waiting_item_previewer", "previewer"),
    sa.Index("waiting_item_case", "case_id"),
)
"""One row while an item waits, deleted by whoever settles it. It names nobody: what is needed to go on lies beside the
ledger entry ``entry``, encrypted under the key of whom the item is about. ``previewer``: the blind index of who looks.
"""

further_answer = sa.Table(
    "further_answer",
    METADATA,
    text("request_id", primary_key=True),
    sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("subject", sa.LargeBinary, nullable=False),
    text("evidence_type"),
    sa.Column("at", Instant, nullable=False),
    text("became"),
    text("asker"),
    sa.Index("further_answer_subject", "subject", "evidence_type"),
    sa.Index("further_answer_at", "at"),
)
"""One row for each answer to further questions, to count wrong ones by; it holds no answer, ``subject`` is a blind
index, and ``asker`` the organisation whose system put the questions, "" where they were put here.
"""
