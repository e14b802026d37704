"""Since when a device is one on which the person showed a second factor, too."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("known_device", sa.Column("proven_at", Instant))
