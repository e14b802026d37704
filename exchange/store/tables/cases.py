"""Cases, requests for evidence and what became of each item."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import BIG, METADATA, subject_index, text
from kernel.database import Instant

service_case = sa.Table(
    "service_case",
    METADATA,
    text("id", primary_key=True),
    text("system"),
    text("organisation"),
    text("service_item"),
    text("reference"),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("closed_at", Instant, nullable=True),
)

case_subject = sa.Table(
    "case_subject",
    METADATA,
    text("case_id", primary_key=True),
    subject_index(primary_key=True),
    text("role", primary_key=True),
    sa.Column("joined_at", Instant, nullable=True),
    sa.Index("case_subject_subject", "subject"),
)
"""Who a case is about.

``joined_at`` is set for those who signed in themselves; the others were listed by the system.
"""

case_relation = sa.Table(
    "case_relation",
    METADATA,
    text("case_id", primary_key=True),
    subject_index(primary_key=True),
    text("relation", primary_key=True),
    subject_index("proved_by", primary_key=True),
    text("request_id"),
    sa.Column("item", sa.Integer, nullable=False),
    sa.Index("case_relation_proved_by", "proved_by"),
)
"""A subject's proven relation to whom the delivered item that proved it is about (``proved_by``; empty: not known)."""

_RUNNING = sa.text("state = 'running'")

evidence_request = sa.Table(
    "evidence_request",
    METADATA,
    text("id", primary_key=True),
    text("case_id"),
    text("system"),
    text("organisation"),
    sa.Column("idempotency_key", sa.LargeBinary, nullable=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("person", sa.LargeBinary, nullable=True),
    text("runner"),
    text("state"),
    text("asked"),
    sa.Column("outcome", sa.Text, nullable=True),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("expected_by", Instant, nullable=False),
    sa.UniqueConstraint("system", "idempotency_key", name="evidence_request_once"),
    sa.Index("evidence_request_running", "expected_by", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
)
"""Idempotency row and intent in one; ``state`` is running, waiting, settled or interrupted.

``asked`` names items without numbers.
"""

_BY_OFFICER = sa.text("officer <> ''")

delivery = sa.Table(
    "delivery",
    METADATA,
    text("request_id", primary_key=True),
    sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("entry", BIG, nullable=False),
    text("case_id"),
    text("consumer"),
    text("provider"),
    text("evidence_type"),
    text("service_item"),
    text("legal_basis"),
    text("relation"),
    subject_index(),
    text("outcome"),
    text("asked"),
    sa.Column("at", Instant, nullable=False),
    sa.Column("officer", sa.Text, nullable=False, server_default=""),
    sa.Column("read_at", Instant, nullable=True),
    sa.Index("delivery_case", "case_id"),
    sa.Index("delivery_officer", "officer", "entry", sqlite_where=_BY_OFFICER, postgresql_where=_BY_OFFICER),
    sa.Index("delivery_provider", "provider", "at"),
    sa.Index("delivery_relied_on", "subject", "evidence_type"),
)
"""One row per item and ledger entry, written in the same transaction: the log's facts in a form that can be counted.

``officer`` is who looked it up while nobody was present (a blind index), empty where the system did. ``read_at`` is
when the record that was released had been read.
"""

seen_proof = sa.Table(
    "seen_proof",
    METADATA,
    sa.Column("proof", sa.LargeBinary, primary_key=True),
    sa.Column("keep_until", Instant, nullable=False),
    sa.Index("seen_proof_keep_until", "keep_until"),
)
"""DPoP proofs already used, by SHA-256 of key thumbprint and ``jti`` (RFC 9449 §11.1)."""
