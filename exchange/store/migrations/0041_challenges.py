"""Challenges of uses and what happened to each."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """A row for each challenged entry and one for each event."""
    op.create_table(
        "challenge",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("entry", sa.BigInteger, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("said", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("next_due", sa.BigInteger),
        sa.UniqueConstraint("entry", name="challenge_once"),
    )
    op.create_index("challenge_organisation", "challenge", ["organisation", "id"])
    op.create_index("challenge_due", "challenge", ["next_due"])
    op.create_table(
        "challenge_event",
        sa.Column("challenge", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
