"""In which file of a return flow a record was met first."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Of records met before it is not known: they are taken to stand in every file since the first."""
    op.add_column("return_flow_row", sa.Column("first", sa.Integer, nullable=False, server_default="1"))
