"""What cases declare, how their requirements are met, and how they stood when cases were closed."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """One table each."""
    op.create_table(
        "case_circumstance",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "resolution",
        sa.Column("id", sa.Text, primary_key=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("case_id", "organisation", "service_item", "requirement")
        ),
        sa.Column("subject", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("rung", "verdict", "steps", "officer", "due")),
        sa.Column("entry", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("resolution_case", "resolution", ["case_id"])
    op.create_index("resolution_at", "resolution", ["at"])
    op.create_table(
        "case_outcome",
        sa.Column("case_id", sa.Text, primary_key=True),
        sa.Column("requirement", sa.Text, primary_key=True),
        sa.Column("subject", sa.LargeBinary, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("organisation", "service_item", "rung")),
        sa.Column("papers", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("case_outcome_at", "case_outcome", ["at"])
