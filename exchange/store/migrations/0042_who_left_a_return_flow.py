"""Whose record is not in a return flow any more, so that they are still told that it was."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    """Of those who left before nothing is known."""
    op.add_column("return_flow_row", sa.Column("left_at", sa.BigInteger, nullable=True))
    left = sa.text("left_at IS NOT NULL")
    op.create_index("return_flow_row_left", "return_flow_row", ["left_at"], sqlite_where=left, postgresql_where=left)
