"""Acting for legal entities."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "representation",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("capacity", sa.String(40), nullable=False),
        sa.Column("entity_index", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("verifier", sa.String(100), nullable=False),
        sa.Column("evidence", sa.LargeBinary(32), nullable=False),
        sa.Column("proven_at", Instant, nullable=False),
        sa.Column("valid_until", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        comment="who acts for which legal entity; its code and name sealed under the person's key",
    )
    op.create_index("representation_person", "representation", ["person"])
    op.add_column("family", sa.Column("representation", sa.String(40)))
    op.create_index("family_representation", "family", ["representation"])
