"""When the business register last confirmed a representation."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("representation", sa.Column("confirmed_at", Instant))
