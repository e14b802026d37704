"""Papers that follow later are reminded of, and counted when they are overdue."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

_AWAITED = sa.text("awaited <> ''")


def upgrade() -> None:
    """Those promised before are looked at like any other: what was met since, or whose case is closed, is forgotten.

    What is overdue already is told of, and counted, as of the first look.
    """
    op.add_column("resolution", sa.Column("awaited", sa.Text, nullable=False, server_default=""))
    op.add_column("resolution", sa.Column("overdue_at", sa.BigInteger, nullable=True))
    op.execute("UPDATE resolution SET awaited = 'near' WHERE due <> '' AND verdict <> 'refused'")
    op.create_index("resolution_awaited", "resolution", ["due"], sqlite_where=_AWAITED, postgresql_where=_AWAITED)
    op.create_index("resolution_overdue", "resolution", ["overdue_at"])
