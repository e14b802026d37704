"""Disabled accounts are found without looking at all: what agents of theirs may not do is told with each change."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    disabled = sa.text("disabled_at IS NOT NULL")
    op.create_index("person_disabled", "person", ["id"], sqlite_where=disabled, postgresql_where=disabled)
