"""Agents who may appoint agents, and whom such an agent appointed."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("appointment", sa.Column("may_appoint", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("appointment", sa.Column("via", sa.String(40)))
    op.create_index("appointment_via", "appointment", ["via"])
