"""Channels by which people are reached, and the outbox of what they are told."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0006"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "contact_channel",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("confirmed_at", Instant),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_index("contact_channel_person", "contact_channel", ["person"])
    op.create_table(
        "notice",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("settled_at", Instant),
        sa.Column("outcome", sa.String(10)),
    )
    op.create_index("notice_due_at", "notice", ["due_at"])
    op.create_index("notice_expires_at", "notice", ["expires_at"])
