"""People and companies of whom nothing leaves for a time."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """One row for each sealing."""
    op.create_table(
        "sealing",
        sa.Column("id", sa.Text, nullable=False, primary_key=True),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("sealed_by", sa.Text, nullable=False),
        sa.Column("citation", sa.Text, nullable=False),
        sa.Column("sealed_at", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("lifted_at", sa.BigInteger, nullable=True),
    )
    op.create_index("sealing_until", "sealing", ["until"])
