"""Proofs of identity, and accounts that people make for themselves."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "proofing",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("verifier", sa.String(100), nullable=False),
        sa.Column("evidence", sa.LargeBinary(32)),
        sa.Column("recorded_by", sa.String(40), sa.ForeignKey("person.id")),
        sa.Column("confirmed_by", sa.String(40), sa.ForeignKey("person.id")),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        comment="proofs of identity, by digests of the verifiers' references",
    )
    op.create_index("proofing_person", "proofing", ["person"])
    op.execute(
        "INSERT INTO proofing (id, person, level, method, verifier, recorded_at) "
        "SELECT id, id, assurance, 'operator', '', created_at FROM person"
    )
    op.create_table(
        "signing_up",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("username", sa.String(100), nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("confirmed_at", Instant),
        sa.Column("finished_at", Instant),
    )
    op.create_index("signing_up_expires_at", "signing_up", ["expires_at"])
