"""Calendar tables and service levels as officers write them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """One row for each version of a rule."""
    op.create_table(
        "request_rule",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Text, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
