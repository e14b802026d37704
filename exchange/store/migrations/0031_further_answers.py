"""Answers to further questions are counted, so that nobody guesses their way into somebody's record."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Nobody was asked before."""
    op.create_table(
        "further_answer",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("evidence_type", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("became", sa.Text, nullable=False),
    )
    op.create_index("further_answer_subject", "further_answer", ["subject", "evidence_type"])
    op.create_index("further_answer_at", "further_answer", ["at"])
