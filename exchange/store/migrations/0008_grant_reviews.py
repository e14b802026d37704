"""What officers were shown of a version is kept with it: the examination that their signatures cover."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("grant_version", sa.Column("review", sa.Text(), nullable=True))
