"""Consents as records of their own: to whom, for what, which fields, from and until when, how often."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Nothing was kept before: consent lived as long as a token."""
    texts = ("system", "organisation", "service_item", "case_id", "legal_basis", "evidence_type", "fields")
    op.create_table(
        "consent",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in (*texts, "predicates", "frequency")),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("not_after", sa.BigInteger, nullable=False),
        sa.Column("bound", sa.Text, nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("answer_by", sa.BigInteger, nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=True),
        sa.Column("declined_at", sa.BigInteger, nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger, nullable=True),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
    )
    op.create_index("consent_subject", "consent", ["subject", "id"])
    op.create_index("consent_use", "consent", ["organisation", "service_item", "subject"])
