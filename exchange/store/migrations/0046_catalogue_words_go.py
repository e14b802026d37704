"""The catalogue is searched in memory: the tables of its words go (ADR 0033)."""

from __future__ import annotations

from alembic import op

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    op.drop_table("catalogue_word")
    op.drop_table("catalogue_entry")
