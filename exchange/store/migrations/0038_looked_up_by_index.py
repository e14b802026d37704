"""An officer finds consents by the case they were asked for in, and old posts are forgotten, without reading the whole
table.
"""

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """One index for each."""
    op.create_index("consent_case", "consent", ["case_id", "id"])
    op.create_index("forwarding_post_made", "forwarding_post", ["made_at"])
