"""What a family of tokens is bound to besides a key, and who may exchange them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("family", sa.Column("certificate", sa.String(60)))
    op.add_column("family", sa.Column("may_act", sa.Text))
