"""Drafts by their stage, so that a change handed in is found among what was handed in; and in the order they wait."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("catalogue_draft", sa.Column("stage", sa.Text, nullable=False, server_default=""))
    drafts = sa.table("catalogue_draft", *(sa.column(name) for name in ("kind", "name", "state", "stage")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(drafts)).all():
        draft = json.loads(row.state)["proposal"]
        if draft is not None:
            same = (drafts.c.kind == row.kind, drafts.c.name == row.name)
            connection.execute(sa.update(drafts).where(*same).values(stage=draft["stage"]))
    op.create_index("catalogue_draft_stage", "catalogue_draft", ["stage"])
    op.create_index("catalogue_draft_waiting", "catalogue_draft", ["changed_at", "kind", "name"])
