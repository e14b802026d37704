"""Systems that look up too many people are locked, and look-ups name the officer behind them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Whom systems looked up lately, locks, and the officer of each delivery (of those before nobody is known)."""
    op.create_table(
        "looked_up",
        sa.Column("system", sa.Text, primary_key=True),
        sa.Column("subject", sa.LargeBinary, primary_key=True),
        sa.Column("case_id", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("looked_up_at", "looked_up", ["at"])
    op.create_table(
        "system_lock",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("system", "organisation")),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("people", "people_per_hour")),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("lifted_at", sa.BigInteger, nullable=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("lifted_by", "reason")),
    )
    holds = sa.text("lifted_at IS NULL")
    op.create_index(
        "system_lock_holds", "system_lock", ["system"], unique=True, sqlite_where=holds, postgresql_where=holds
    )
    op.add_column("delivery", sa.Column("officer", sa.Text, nullable=False, server_default=""))
    named = sa.text("officer <> ''")
    op.create_index("delivery_officer", "delivery", ["officer", "entry"], sqlite_where=named, postgresql_where=named)
