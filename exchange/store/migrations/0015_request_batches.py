"""Requests for many departments have a record of their own; those made before get one from their children."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    batches = op.create_table(
        "access_request_batch",
        *(
            sa.Column(name, sa.Text, nullable=False, primary_key=name == "id")
            for name in ("id", "by", "organisation", "evidence_type", "purpose")
        ),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
    )
    _fill(batches)


def _fill(batches: sa.Table) -> None:
    children = sa.text(
        "SELECT r.parent, r.state, e.at, e.facts FROM access_request r "
        "JOIN access_request_event e ON e.request = r.id AND e.revision = 1 WHERE r.parent <> '' ORDER BY r.id"
    )
    found: dict[str, dict[str, object]] = {}
    for row in op.get_bind().execute(children).all():
        state = json.loads(row.state)
        known = {
            "id": row.parent, "by": state["authors"][0][0], "organisation": "", "size": 0, "at": row.at,
            "evidence_type": state["content"]["grant"]["evidence_type"], "purpose": state["content"]["purpose"],
        }  # fmt: skip
        batch = found.setdefault(row.parent, known)
        batch["size"] = int(str(batch["size"])) + 1
    if found:
        op.bulk_insert(batches, [*found.values()])
