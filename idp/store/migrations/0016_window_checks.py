"""What clerks read on documents, until a second clerk has confirmed it."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "window_check",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("evidence", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
    )
    op.create_index("window_check_expires_at", "window_check", ["expires_at"])
