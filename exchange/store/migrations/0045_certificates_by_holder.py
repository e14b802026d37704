"""How a certificate stands is told beside evidence: where records bear no identifier, it is found by its holder."""

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """An index."""
    op.create_index("certificate_holder", "certificate", ["subject", "evidence_type"])
