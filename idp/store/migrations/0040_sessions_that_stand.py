"""Those of a person's sessions that stand are found whatever ended before: every sign-in counts them."""

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.drop_index("web_session_person", "web_session")
    op.create_index("web_session_person", "web_session", ["person", "ended_at"])
