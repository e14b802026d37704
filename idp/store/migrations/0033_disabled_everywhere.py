"""Whether an account was disabled by an office that reaches everywhere, so that no department admits it again."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Who disabled an account so far was not kept: it takes the farther reach to admit it again."""
    op.add_column("person", sa.Column("disabled_everywhere", sa.Boolean, nullable=False, server_default=sa.false()))
    person = sa.table("person", sa.column("disabled_at"), sa.column("disabled_everywhere", sa.Boolean))
    op.execute(sa.update(person).where(person.c.disabled_at.is_not(None)).values(disabled_everywhere=True))
