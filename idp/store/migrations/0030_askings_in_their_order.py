"""Askings are found in the order in which they came, and a client's open requests are counted."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """One index for each."""
    op.create_index("backchannel_asking_asked_at", "backchannel_asking", ["asked_at", "id"])
    op.create_index("recovery_asking_asked_at", "recovery_asking", ["asked_at", "id"])
    op.create_index("backchannel_request_client", "backchannel_request", ["client_id", "expires_at"])
