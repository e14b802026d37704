"""Tasks of people who answer, what happened to them, and what is sealed of them."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """A row for each task, one for each of its events, and one for what nobody may read."""
    op.create_table(
        "responder_task",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("next_due", sa.BigInteger, nullable=True),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_index("responder_task_office", "responder_task", ["organisation", "status"])
    op.create_index("responder_task_consumer", "responder_task", ["consumer", "status"])
    op.create_index("responder_task_due", "responder_task", ["next_due"])
    op.create_table(
        "responder_task_event",
        sa.Column("task", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "responder_task_secret",
        sa.Column("task", sa.Text, primary_key=True),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
