"""Return flows, their files and parts, and what of each record was sent last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)


def upgrade() -> None:
    """The four tables."""
    op.create_table(
        "return_flow",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("system", "organisation", "evidence_type", "service_item", "legal_basis", "fields", "charset", "every"),
        *_texts("status", "trouble"),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("return_flow_system", "return_flow", ["system"])
    op.create_index("return_flow_due", "return_flow", ["status", "due_at"])
    op.create_table(
        "return_flow_file",
        sa.Column("flow", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("kind", "status", "grants", "division"),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("cursor", sa.LargeBinary, nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("rows", _BIG, nullable=False),
        sa.Column("unreadable", _BIG, nullable=False),
        *_texts("digest"),
        sa.Column("entry", _BIG, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "return_flow_part",
        sa.Column("flow", sa.Text, primary_key=True),
        sa.Column("file", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("size", _BIG, nullable=False),
        *_texts("digest"),
    )
    op.create_table(
        "return_flow_row",
        sa.Column("flow", sa.Text, primary_key=True),
        sa.Column("row", sa.Text, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("seen", sa.Integer, nullable=False),
    )
    op.create_index("return_flow_row_seen", "return_flow_row", ["flow", "seen"])
