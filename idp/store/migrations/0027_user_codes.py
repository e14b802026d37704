"""User codes (CIBA Core 1.0 §7.1), and requests by the back channel until somebody has looked whom they mean."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("credential", sa.Column("user_code_hash", sa.Text))
    op.create_table(
        "backchannel_asking",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        comment="CIBA: whom a request by the back channel means, not looked at yet; sealed, whomever it names",
    )
    op.create_index("backchannel_asking_expires_at", "backchannel_asking", ["expires_at"])
