"""Four eyes and one-time links: proposals and enrolments."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("command", sa.String(40), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("proposed_by", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("proposed_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("decided_by", sa.String(40), sa.ForeignKey("person.id")),
        sa.Column("decided_at", Instant),
        sa.Column("outcome", sa.String(10)),
    )
    op.create_index("proposal_proposed_at", "proposal", ["proposed_at"])
    op.create_table(
        "enrolment",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("hash", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("organisation", sa.String(18), sa.ForeignKey("organisation.code")),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
    op.create_index("enrolment_expires_at", "enrolment", ["expires_at"])
