"""Systems that showed themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """One row a system."""
    op.create_table(
        "system_check_in",
        sa.Column("system", sa.Text, nullable=False, primary_key=True),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("binding", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
