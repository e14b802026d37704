"""Which parts of a return flow's files were fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Of parts that lie here already it is known with the next fetch."""
    op.add_column("return_flow_part", sa.Column("fetched_at", sa.BigInteger, nullable=True))
