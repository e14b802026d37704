"""How certificates stand, and what was reported of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """A row for each certificate, by keyed index, and one for each change."""
    op.create_table(
        "certificate",
        sa.Column("certificate", sa.LargeBinary, primary_key=True),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("evidence_type", sa.Text, nullable=False),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "certificate_change",
        sa.Column("certificate", sa.LargeBinary, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("effective_at", sa.BigInteger, nullable=False),
        sa.Column("valid_until", sa.Text, nullable=True),
        sa.Column("description", sa.Text, nullable=True),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
    )
