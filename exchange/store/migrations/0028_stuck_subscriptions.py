"""Why a subscriber could not be reached, and each department's subscriptions in order."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Of those that fail now it is known with the next try."""
    op.add_column("event_subscription", sa.Column("trouble", sa.Text, nullable=False, server_default=""))
    op.create_index("event_subscription_organisation", "event_subscription", ["organisation", "id"])
