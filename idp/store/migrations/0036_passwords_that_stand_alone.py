"""Whether a password is long enough to be the only factor. Not known of those there are, until they are shown again."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.add_column("credential", sa.Column("stands_alone", sa.Boolean))
