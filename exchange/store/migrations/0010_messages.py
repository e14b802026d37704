"""What officers are told, and who has read it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """A row for each message, and one for each officer who read it."""
    op.create_table(
        "message",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("message_addressee", "message", ["role", "organisation", "at"])
    op.create_index("message_at", "message", ["at"])
    op.create_table(
        "message_read",
        sa.Column("message", sa.Text, primary_key=True),
        sa.Column("officer", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
