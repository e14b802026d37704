"""What goes out at once is called so: an office may want what is not urgent at once, too."""

from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """The same rows under the right name."""
    op.execute("ALTER TABLE forwarded_message RENAME COLUMN urgent TO at_once")
    op.execute("UPDATE forwarding_post SET kind = 'at-once' WHERE kind = 'urgent'")
