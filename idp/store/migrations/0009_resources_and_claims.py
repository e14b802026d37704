"""Resource servers beyond the exchange (RFC 8707); what was asked for by name or resource stays with the family."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0009"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "resource_server",
        sa.Column("identifier", sa.String(500), primary_key=True),
        sa.Column("organisation", sa.String(18), sa.ForeignKey("organisation.code"), nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("clients", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("disabled_at", Instant),
    )
    op.add_column("family", sa.Column("claims", sa.Text))
    op.add_column("family", sa.Column("resource", sa.String(500)))
