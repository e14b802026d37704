"""The tables, by aggregate.

What may change together is locked by one row: the intent of a request, the revision of a grant.
"""

from __future__ import annotations

import sqlalchemy as sa

from kernel.database import Instant
from kernel.ledger import store as ledger_store

METADATA = sa.MetaData()

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def _subject(name: str = "subject", *, primary_key: bool = False) -> sa.Column[bytes]:
    """A blind index (32 bytes), never a number."""
    return sa.Column(name, sa.LargeBinary, nullable=False, primary_key=primary_key)


policy_epoch = sa.Table(
    "policy_epoch",
    METADATA,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("catalogue", sa.BigInteger, nullable=False),
    sa.CheckConstraint("one = 1", name="policy_epoch_is_one_row"),
)
"""What every decision is made under: any change of grants or catalogue raises ``epoch``; ``catalogue`` is the
latter's own.
"""

catalogue_object = sa.Table(
    "catalogue_object",
    METADATA,
    _text("kind", primary_key=True),
    _text("name", primary_key=True),
    _text("document"),
    sa.Column("changed_at", Instant, nullable=False),
)

catalogue_entry = sa.Table(
    "catalogue_entry",
    METADATA,
    sa.Column("id", _BIG, primary_key=True),
    _text("kind"),
    _text("name"),
    _text("organisation"),
    _text("share_type"),
    _text("words"),
    sa.UniqueConstraint("kind", "name", name="catalogue_entry_once"),
    sa.Index("catalogue_entry_organisation", "organisation"),
)
"""Published entries as they are searched; ``words`` is their whole text, made alike in width and case."""

catalogue_word = sa.Table(
    "catalogue_word",
    METADATA,
    sa.Column("word", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), primary_key=True),
    _text("kind", primary_key=True),
    sa.Column("entry", _BIG, primary_key=True, autoincrement=False),
    sa.Column("weight", sa.Integer, primary_key=True, autoincrement=False),
    sa.Index("catalogue_word_entry", "entry", "word"),
    sqlite_with_rowid=False,
)
"""Which entries hold a word (a pair of Chinese characters, or a word of letters); compared byte by byte on both
databases, so that what begins alike lies together.
"""

catalogue_draft = sa.Table(
    "catalogue_draft",
    METADATA,
    _text("kind", primary_key=True),
    _text("name", primary_key=True),
    _text("organisation"),
    _text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    _text("state"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("catalogue_draft_status", "status"),
)
"""Where each entry stands in its life, with the draft under way; changed only under the revision that was read."""

catalogue_publication = sa.Table(
    "catalogue_publication",
    METADATA,
    _text("kind", primary_key=True),
    _text("name", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("at", Instant, nullable=False),
    _text("by"),
    _text("how"),
    _text("digest"),
)
"""Who published which version of an entry when, by review or by manifest; its text is that of ``catalogue_version``
with the same ``since``.
"""

system_check_in = sa.Table(
    "system_check_in",
    METADATA,
    _text("system", primary_key=True),
    _text("organisation"),
    _text("binding"),
    sa.Column("at", Instant, nullable=False),
)
"""The last time a system showed a token bound to its own key."""

grant_version = sa.Table(
    "grant_version",
    METADATA,
    _text("id", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    _text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    _text("consumer"),
    _text("provider"),
    _text("evidence_type"),
    _text("state"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("review", sa.Text, nullable=True),
    sa.Index("grant_version_status", "status"),
)

grant_force = sa.Table(
    "grant_force",
    METADATA,
    _text("id", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("until", sa.BigInteger, nullable=True),
)
"""In which epochs a grant was part of the active set: from ``since`` until before ``until``, without one still."""

catalogue_version = sa.Table(
    "catalogue_version",
    METADATA,
    _text("kind", primary_key=True),
    _text("name", primary_key=True),
    sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("until", sa.BigInteger, nullable=True),
    _text("document"),
)
"""In which versions of the catalogue a manifest read so: what a past decision was made by can be read again."""

service_case = sa.Table(
    "service_case",
    METADATA,
    _text("id", primary_key=True),
    _text("system"),
    _text("organisation"),
    _text("service_item"),
    _text("reference"),
    sa.Column("opened_at", Instant, nullable=False),
    sa.Column("closed_at", Instant, nullable=True),
)

case_subject = sa.Table(
    "case_subject",
    METADATA,
    _text("case_id", primary_key=True),
    _subject(primary_key=True),
    _text("role", primary_key=True),
    sa.Column("joined_at", Instant, nullable=True),
)
"""Who a case is about.

``joined_at`` is set for those who signed in themselves; the others were listed by the system.
"""

sa.Table(
    "case_relation",
    METADATA,
    _text("case_id", primary_key=True),
    _subject(primary_key=True),
    _text("relation", primary_key=True),
    _text("request_id"),
    sa.Column("item", sa.Integer, nullable=False),
)
"""A subject's proven relation to somebody of the case, with the delivered item that proved it."""

_RUNNING = sa.text("state = 'running'")

evidence_request = sa.Table(
    "evidence_request",
    METADATA,
    _text("id", primary_key=True),
    _text("case_id"),
    _text("system"),
    _text("organisation"),
    sa.Column("idempotency_key", sa.LargeBinary, nullable=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("person", sa.LargeBinary, nullable=True),
    _text("runner"),
    _text("state"),
    _text("asked"),
    sa.Column("outcome", sa.Text, nullable=True),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("expected_by", Instant, nullable=False),
    sa.UniqueConstraint("system", "idempotency_key", name="evidence_request_once"),
    sa.Index("evidence_request_running", "expected_by", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
)
"""Idempotency row and intent in one; ``state`` is running, settled or interrupted.

``asked`` names items without numbers.
"""

delivery = sa.Table(
    "delivery",
    METADATA,
    _text("request_id", primary_key=True),
    sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("entry", _BIG, nullable=False),
    _text("case_id"),
    _text("consumer"),
    _text("provider"),
    _text("evidence_type"),
    _text("service_item"),
    _text("legal_basis"),
    _text("relation"),
    _subject(),
    _text("outcome"),
    _text("asked"),
    sa.Column("at", Instant, nullable=False),
    sa.Index("delivery_case", "case_id"),
    sa.Index("delivery_provider", "provider", "at"),
)
"""One row per item and ledger entry, written in the same transaction: the log's facts in a form that can be counted."""

decision = sa.Table(
    "decision",
    METADATA,
    sa.Column("entry", _BIG, primary_key=True, autoincrement=False),
    _text("request_id"),
    sa.Column("item", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("catalogue", sa.BigInteger, nullable=False),
    _text("rules"),
    sa.Column("subject", sa.LargeBinary, nullable=True),
    _text("evidence_type"),
    _text("asked"),
    sa.Column("consent_from", Instant, nullable=True),
    sa.Column("consent_until", Instant, nullable=True),
    _text("verdict"),
    _text("outcome"),
    sa.Index("decision_type", "evidence_type", "at"),
)
"""One row per decision and ledger entry (``entry``), written in its transaction: everything the decision depended on,
and what it said, so that it can be made again (``policies.recorded``). About whom: a blind index, never a number.
"""

sa.Table(
    "quota_use",
    METADATA,
    _text("grant_ref", primary_key=True),
    _text("day", primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
)

seen_proof = sa.Table(
    "seen_proof",
    METADATA,
    sa.Column("proof", sa.LargeBinary, primary_key=True),
    sa.Column("keep_until", Instant, nullable=False),
    sa.Index("seen_proof_keep_until", "keep_until"),
)
"""DPoP proofs already used, by SHA-256 of key thumbprint and ``jti`` (RFC 9449 §11.1)."""

request_rule = sa.Table(
    "request_rule",
    METADATA,
    _text("kind", primary_key=True),
    _text("name", primary_key=True),
    _text("effective_from", primary_key=True),
    _text("document"),
    sa.Column("changed_at", Instant, nullable=False),
)
"""Calendar tables and service levels as officers wrote them, by the day (ISO 8601, China) each version counts from."""

console_session = sa.Table(
    "console_session",
    METADATA,
    sa.Column("token", sa.LargeBinary, primary_key=True),
    _text("sid"),
    _text("officer"),
    sa.Column("used_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Index("console_session_sid", "sid"),
    sa.Index("console_session_officer", "officer"),
    sa.Index("console_session_ends_at", "ends_at"),
)
"""Officers signed in at the pages. ``token`` is the hash of the cookie; what they hold is sealed under the cookie
itself.
"""

access_request = sa.Table(
    "access_request",
    METADATA,
    _text("id", primary_key=True),
    _text("parent"),
    _text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    _text("consumer"),
    _text("provider"),
    sa.Column("next_due", Instant, nullable=True),
    _text("state"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("access_request_status", "status", "id"),
    sa.Index("access_request_parent", "parent"),
    sa.Index("access_request_next_due", "next_due"),
)
"""``next_due`` is when the clock of the present step is looked at next: derived, and renewed with the calendar."""

access_request_event = sa.Table(
    "access_request_event",
    METADATA,
    _text("request", primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    _text("name"),
    _text("facts"),
    sa.Column("at", Instant, nullable=False),
)
"""What happened to each request, as the log has it."""

ledger_store.define(METADATA)
"""The log itself, in the same database, so that a release and the epoch it was decided under meet in one transaction.
"""
