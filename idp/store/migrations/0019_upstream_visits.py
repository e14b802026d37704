"""Visits to upstream providers."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "upstream_visit",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("upstream", sa.String(40), nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
    )
    op.create_index("upstream_visit_expires_at", "upstream_visit", ["expires_at"])
