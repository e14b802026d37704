"""What was taken from a client's registration, so that the revocation feed can say it of tokens already issued."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "taken_right",
        sa.Column("client_id", sa.String(80), sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("taken_at", Instant, nullable=False),
        comment="scopes and service items that a client's registration no longer names, while tokens still may",
    )
    op.create_index("taken_right_taken_at", "taken_right", ["taken_at"])
