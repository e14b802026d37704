"""Invitations to register clients, clients that manage themselves, and notices that a session ended."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("organisation", sa.String(18), sa.ForeignKey("organisation.code"), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("grant_types", sa.Text, nullable=False),
        sa.Column("fixed", sa.Text, nullable=False),
        sa.Column("uses_left", sa.Integer, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        comment="initial access tokens (RFC 7591), by their hash",
    )
    op.create_index("invitation_expires_at", "invitation", ["expires_at"])
    op.create_table(
        "client_management",
        sa.Column("client_id", sa.String(80), sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("organisation", sa.String(18), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("grant_types", sa.Text, nullable=False),
        sa.Column("fixed", sa.Text, nullable=False),
        sa.Column("issued_at", Instant, nullable=False),
        comment="clients that manage themselves (RFC 7592), and how far",
    )
    op.create_table(
        "logout_notice",
        sa.Column("session", sa.String(40), primary_key=True),
        sa.Column("client_id", sa.String(80), sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("sid", sa.String(60), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("ended_at", Instant, nullable=False),
        sa.Column("next_try_at", Instant, nullable=False),
        comment="who has to be told that a session ended, and whether it was",
    )
    op.create_index("logout_notice_next_try_at", "logout_notice", ["state", "next_try_at"])
    op.create_index("logout_notice_ended_at", "logout_notice", ["ended_at"])
