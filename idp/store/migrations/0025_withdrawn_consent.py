"""Which tokens were revoked because their person withdrew the consent."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("revoked_token", sa.Column("withdrawn_at", Instant))
