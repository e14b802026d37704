"""A release says when its record was read: what a newer record says is not undone by one that was read before it."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Of earlier releases it is unknown; the time of the request stands for it."""
    op.add_column("delivery", sa.Column("read_at", sa.BigInteger, nullable=True))
