"""Requests by the back channel (OpenID CIBA)."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "backchannel_request",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("client_id", sa.String(80), sa.ForeignKey("client.id"), nullable=False),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id")),
        sa.Column("mark", sa.LargeBinary(32), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("interval", sa.Integer, nullable=False),
        sa.Column("poll_after", Instant, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("decided_at", Instant),
        sa.Column("family", sa.String(40), sa.ForeignKey("family.id")),
        sa.Column("used_at", Instant),
        sa.Column("ping", sa.LargeBinary),
        sa.Column("ping_attempts", sa.Integer, nullable=False),
        sa.Column("ping_at", Instant),
        comment="CIBA: auth_req_id by its hash; ping sealed under the person's key",
    )
    op.create_index("backchannel_request_mark", "backchannel_request", ["mark"])
    op.create_index("backchannel_request_person", "backchannel_request", ["person"])
    op.create_index("backchannel_request_expires_at", "backchannel_request", ["expires_at"])
    op.create_index("backchannel_request_family", "backchannel_request", ["family"])
    op.create_index("backchannel_request_ping_at", "backchannel_request", ["ping_at"])
