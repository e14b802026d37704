"""Officers' sessions at the exchange's own pages."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "console_session",
        sa.Column("token", sa.LargeBinary, nullable=False, primary_key=True),
        sa.Column("sid", sa.Text, nullable=False),
        sa.Column("officer", sa.Text, nullable=False),
        sa.Column("used_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("console_session_sid", "console_session", ["sid"])
    op.create_index("console_session_officer", "console_session", ["officer"])
    op.create_index("console_session_ends_at", "console_session", ["ends_at"])
