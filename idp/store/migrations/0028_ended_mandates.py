"""The ends of mandates are found by when they came, since the exchange is told of them."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_index("representation_ended_at", "representation", ["ended_at"])
    op.create_index("appointment_ended_at", "appointment", ["ended_at"])
