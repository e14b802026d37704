"""Sessions nobody has used for a while are found."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_index("web_session_seen_at", "web_session", ["seen_at"])
