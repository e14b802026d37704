"""Consents of minors are given by guardians, those of companies by whoever acts for them: who did, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """What was given before was given by whom it is about."""
    op.add_column("consent", sa.Column("guarded", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("consent", sa.Column("answerer", sa.LargeBinary, nullable=True))
    for name in ("capacity", "mandate"):
        op.add_column("consent", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("consent", sa.Column("ends_at", sa.BigInteger, nullable=True))
    op.create_index("consent_mandate", "consent", ["mandate"])
    op.create_index("case_relation_proved_by", "case_relation", ["proved_by"])
