"""What people consent to, as records of their own."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, subject_index, text
from kernel.database import Instant

consent = sa.Table(
    "consent",
    METADATA,
    text("id", primary_key=True),
    subject_index(),
    text("system"),
    text("organisation"),
    text("service_item"),
    text("case_id"),
    text("legal_basis"),
    text("evidence_type"),
    text("fields"),
    text("predicates"),
    text("frequency"),
    sa.Column("times", sa.Integer, nullable=False),
    sa.Column("not_before", Instant, nullable=False),
    sa.Column("not_after", Instant, nullable=False),
    text("bound"),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("answer_by", Instant, nullable=False),
    sa.Column("guarded", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("answerer", sa.LargeBinary, nullable=True),
    sa.Column("capacity", sa.Text, nullable=False, server_default=""),
    sa.Column("mandate", sa.Text, nullable=False, server_default=""),
    sa.Column("ends_at", Instant, nullable=True),
    sa.Column("given_at", Instant, nullable=True),
    sa.Column("declined_at", Instant, nullable=True),
    sa.Column("withdrawn_at", Instant, nullable=True),
    text("period"),
    sa.Column("used", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Index("consent_subject", "subject", "id"),
    sa.Index("consent_organisation", "organisation", "id"),
    sa.Index("consent_use", "organisation", "service_item", "subject"),
    sa.Index("consent_mandate", "mandate"),
    sa.Index("consent_case", "case_id", "id"),
)
"""``subject``: the blind index of whom it is about. ``guarded``: they are under age, and a guardian gives it.
``answerer``: the blind index of who answered, in which ``capacity``, by which ``mandate`` (its reference), and, with
that mandate, until when (``ends_at``). ``case_id``: the case in which it was asked for;
``bound`` names it again where it counts in that case alone, and is empty otherwise. ``used`` releases in ``period`` (a
day, a month, or all time), of ``total``.
"""
