"""Askings for a recovery, until somebody has looked whom they name."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "recovery_asking",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        comment="askings for a recovery nobody has looked at yet; the name typed is sealed, every row of one length",
    )
    op.create_index("recovery_asking_expires_at", "recovery_asking", ["expires_at"])
