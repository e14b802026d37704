"""Agents of legal entities."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("representative", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("entity_index", sa.LargeBinary(32), nullable=False),
        sa.Column("agent_index", sa.LargeBinary(32), nullable=False),
        sa.Column("agent", sa.String(40), sa.ForeignKey("person.id")),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("service_items", sa.Text),
        sa.Column("proposed_at", Instant, nullable=False),
        sa.Column("valid_until", Instant, nullable=False),
        sa.Column("confirmed_at", Instant),
        sa.Column("ended_at", Instant),
        sa.Column("ended_as", sa.String(20)),
        comment="agents of legal entities; what was written of them sealed under the representative's key",
    )
    op.create_index("appointment_representative", "appointment", ["representative"])
    op.create_index("appointment_agent_index", "appointment", ["agent_index"])
    op.create_index("appointment_agent", "appointment", ["agent"])
    op.create_index("appointment_valid_until", "appointment", ["valid_until"])
