"""A person's own cases are found without reading everybody's."""

from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    """One index."""
    op.create_index("case_subject_subject", "case_subject", ["subject"])
