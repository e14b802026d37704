"""Answers to further questions are counted by who put the questions, too."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Those of the last day count as the person's own: none of them is given away."""
    op.add_column("further_answer", sa.Column("asker", sa.Text, nullable=False, server_default=""))
