"""Access requests and what happened to them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """A row for each request, and one for each of its events."""
    op.create_table(
        "access_request",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("parent", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("next_due", sa.BigInteger, nullable=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("access_request_status", "access_request", ["status", "id"])
    op.create_index("access_request_parent", "access_request", ["parent"])
    op.create_index("access_request_next_due", "access_request", ["next_due"])
    op.create_table(
        "access_request_event",
        sa.Column("request", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
