"""The first form: departments, clients, people, sessions, what they allow, what was issued; the ledger."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant
from kernel.ledger import store as ledger_store

revision = "0001"
down_revision = None


def upgrade() -> None:
    registers()
    accounts()
    sessions()
    grants()
    single_use()
    ledger_store.create_v1(op)


def registers() -> None:
    versions = op.create_table(
        "state_version",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
        comment="counts the changes of what nodes keep in memory",
    )
    op.bulk_insert(versions, [{"name": "clients", "value": 1}, {"name": "revocations", "value": 1}])
    op.create_table(
        "organisation",
        sa.Column("code", sa.String(18), primary_key=True),
        sa.Column("name_zh", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_table(
        "client",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("organisation", sa.String(18), sa.ForeignKey("organisation.code"), nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32)),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("disabled_at", Instant),
    )


def accounts() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("username", sa.String(100), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("assurance", sa.Integer, nullable=False),
        sa.Column("data_key", sa.LargeBinary, nullable=False),
        sa.Column("subject_sealed", sa.LargeBinary),
        sa.Column("subject_index", sa.LargeBinary(32), unique=True),
        sa.Column("organisation", sa.String(18), sa.ForeignKey("organisation.code")),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("disabled_at", Instant),
    )
    op.create_table(
        "credential",
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary),
        sa.Column("totp_counter", sa.Integer, nullable=False),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.LargeBinary(32), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("blocked_until", Instant, nullable=False),
        sa.Column("keep_until", Instant, nullable=False),
    )
    op.create_index("throttle_keep_until", "throttle", ["keep_until"])


def sessions() -> None:
    op.create_table(
        "web_session",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("cookie_hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("factors", sa.Text, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
    )
    op.create_index("web_session_expires_at", "web_session", ["expires_at"])
    op.create_index("web_session_ended_at", "web_session", ["ended_at"])
    op.create_table(
        "pushed_request",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("client_id", sa.String(80), nullable=False),
        sa.Column("parameters", sa.Text, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
    op.create_index("pushed_request_expires_at", "pushed_request", ["expires_at"])
    op.create_table(
        "interaction",
        sa.Column("id", sa.String(60), primary_key=True),
        sa.Column("browser_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("pushed", sa.LargeBinary(32)),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
    )
    op.create_index("interaction_expires_at", "interaction", ["expires_at"])
    op.create_table(
        "consent",
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("client_id", sa.String(80), sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("given_at", Instant, nullable=False),
    )


def grants() -> None:
    op.create_table(
        "family",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("client_id", sa.String(80), sa.ForeignKey("client.id"), nullable=False),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("session", sa.String(40), nullable=False),
        sa.Column("sid", sa.String(60), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("factors", sa.Text, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("dpop_jkt", sa.String(60)),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("revoked_at", Instant),
    )
    op.create_index("family_session", "family", ["session"])
    op.create_index("family_expires_at", "family", ["expires_at"])
    op.create_table(
        "code",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("client_id", sa.String(80), nullable=False),
        sa.Column("family", sa.String(40), sa.ForeignKey("family.id"), nullable=False),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("code_challenge", sa.String(128), nullable=False),
        sa.Column("nonce", sa.Text),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
    op.create_index("code_family", "code", ["family"])
    op.create_table(
        "refresh",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("client_id", sa.String(80), nullable=False),
        sa.Column("family", sa.String(40), sa.ForeignKey("family.id"), nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("superseded_by", sa.LargeBinary(32)),
        sa.Column("superseded_at", Instant),
    )
    op.create_index("refresh_family", "refresh", ["family"])
    op.create_table(
        "issued_token",
        sa.Column("jti", sa.String(40), primary_key=True),
        sa.Column("family", sa.String(40), sa.ForeignKey("family.id"), nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
    )
    op.create_index("issued_token_family", "issued_token", ["family"])


def single_use() -> None:
    op.create_table(
        "revoked_token",
        sa.Column("jti", sa.String(40), primary_key=True),
        sa.Column("expires_at", Instant, nullable=False),
    )
    op.create_index("revoked_token_expires_at", "revoked_token", ["expires_at"])
    op.create_table(
        "seen_proof",
        sa.Column("digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("keep_until", Instant, nullable=False),
        comment="client assertions and DPoP proofs already accepted, by SHA-256 of kind, issuer and jti",
    )
    op.create_index("seen_proof_keep_until", "seen_proof", ["keep_until"])
