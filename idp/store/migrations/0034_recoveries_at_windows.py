"""Whether two clerks at a window allowed a recovery: only such a one removes factors. What is open removes none."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.add_column("recovery", sa.Column("at_window", sa.Boolean, nullable=False, server_default=sa.false()))
