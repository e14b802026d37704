"""Ratings of cases and what happened to each."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """A row for each rated case and one for each event."""
    op.create_table(
        "rating",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("service_item", sa.Text, nullable=False),
        sa.Column("grade", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("entry", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("next_due", sa.BigInteger),
        sa.Column("rated_at", sa.BigInteger, nullable=False),
    )
    op.create_index("rating_status", "rating", ["status", "case_id"])
    op.create_index("rating_organisation", "rating", ["organisation", "rated_at"])
    op.create_index("rating_due", "rating", ["next_due"])
    op.create_table(
        "rating_event",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
