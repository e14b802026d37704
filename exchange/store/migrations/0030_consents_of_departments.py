"""What a department asked people to consent to, in order."""

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """An index; nothing is kept that was not."""
    op.create_index("consent_organisation", "consent", ["organisation", "id"])
