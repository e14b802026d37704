"""Items of requests that wait for their answer."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """A row for each item while it waits."""
    op.create_table(
        "waiting_item",
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("item", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("wait", sa.Text, nullable=False),
        sa.Column("entry", sa.BigInteger, nullable=False),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("previewer", sa.LargeBinary, nullable=True),
        sa.Column("quotas", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
    )
    op.create_index("waiting_item_until", "waiting_item", ["until"])
    op.create_index("waiting_item_next", "waiting_item", ["wait", "next_at"])
    op.create_index("waiting_item_previewer", "waiting_item", ["previewer"])
    op.create_index("waiting_item_case", "waiting_item", ["case_id"])
