"""Requests of devices without a browser (RFC 8628)."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "device_request",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("user_hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("client_id", sa.String(80), sa.ForeignKey("client.id"), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("interval", sa.Integer, nullable=False),
        sa.Column("poll_after", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("decided_at", Instant),
        sa.Column("family", sa.String(40), sa.ForeignKey("family.id")),
        sa.Column("used_at", Instant),
        comment="device and user codes, by hashes",
    )
    op.create_index("device_request_expires_at", "device_request", ["expires_at"])
    op.create_index("device_request_family", "device_request", ["family"])
