"""Recoveries of accounts."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "recovery",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("stop_hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("link_hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("stopped_at", Instant),
        sa.Column("used_at", Instant),
    )
    op.create_index("recovery_person", "recovery", ["person"])
    op.create_index("recovery_expires_at", "recovery", ["expires_at"])
