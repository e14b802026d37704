"""The first form of every table."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from kernel.ledger import store as ledger_store

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def _bytes(name: str, *, primary_key: bool = False, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable, primary_key=primary_key)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _integer(name: str, kind: Any = sa.Integer, *, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, primary_key=primary_key, autoincrement=False)


def upgrade() -> None:
    ledger_store.create_v1(op)
    _policies()
    _cases()
    _requests()


def _policies() -> None:
    epoch = op.create_table(
        "policy_epoch",
        _integer("one", primary_key=True),
        _integer("epoch", sa.BigInteger),
        _integer("catalogue", sa.BigInteger),
        sa.CheckConstraint("one = 1", name="policy_epoch_is_one_row"),
    )
    op.bulk_insert(epoch, [{"one": 1, "epoch": 1, "catalogue": 1}])
    op.create_table(
        "catalogue_object",
        _text("kind", primary_key=True),
        _text("name", primary_key=True),
        _text("document"),
        _instant("changed_at"),
    )
    op.create_table(
        "grant_version",
        _text("id", primary_key=True),
        _integer("version", primary_key=True),
        _text("status"),
        _integer("revision"),
        _text("consumer"),
        _text("provider"),
        _text("evidence_type"),
        _text("state"),
        _instant("changed_at"),
    )
    op.create_index("grant_version_status", "grant_version", ["status"])
    op.create_table(
        "quota_use",
        _text("grant_ref", primary_key=True),
        _text("day", primary_key=True),
        _integer("used", sa.BigInteger),
    )


def _cases() -> None:
    op.create_table(
        "service_case",
        _text("id", primary_key=True),
        _text("system"),
        _text("organisation"),
        _text("service_item"),
        _text("reference"),
        _instant("opened_at"),
        _instant("closed_at", nullable=True),
    )
    op.create_table(
        "case_subject",
        _text("case_id", primary_key=True),
        _bytes("subject", primary_key=True),
        _text("role", primary_key=True),
        _instant("joined_at", nullable=True),
    )
    op.create_table(
        "case_relation",
        _text("case_id", primary_key=True),
        _bytes("subject", primary_key=True),
        _text("relation", primary_key=True),
        _text("request_id"),
        _integer("item"),
    )


def _requests() -> None:
    op.create_table(
        "evidence_request",
        _text("id", primary_key=True),
        _text("case_id"),
        _text("system"),
        _text("organisation"),
        _bytes("idempotency_key", nullable=True),
        _bytes("digest"),
        _bytes("person", nullable=True),
        _text("runner"),
        _text("state"),
        _text("asked"),
        sa.Column("outcome", sa.Text, nullable=True),
        _instant("started_at"),
        _instant("expected_by"),
        sa.UniqueConstraint("system", "idempotency_key", name="evidence_request_once"),
    )
    running = sa.text("state = 'running'")
    op.create_index(
        "evidence_request_running",
        "evidence_request",
        ["expected_by"],
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_table(
        "delivery",
        _text("request_id", primary_key=True),
        _integer("item", primary_key=True),
        _integer("entry", _BIG),
        _text("case_id"),
        _text("consumer"),
        _text("provider"),
        _text("evidence_type"),
        _text("service_item"),
        _text("legal_basis"),
        _text("relation"),
        _bytes("subject"),
        _text("outcome"),
        _text("asked"),
        _instant("at"),
    )
    op.create_index("delivery_case", "delivery", ["case_id"])
    op.create_index("delivery_provider", "delivery", ["provider", "at"])
    op.create_table("seen_proof", _bytes("proof", primary_key=True), _instant("keep_until"))
    op.create_index("seen_proof_keep_until", "seen_proof", ["keep_until"])
