"""Where each entry of the catalogue stands, and its publications; what is published already is version 1."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from exchange.catalogue.workflow.events import digest
from exchange.catalogue.workflow.lifecycle import owner
from kernel import canonical

revision = "0007"
down_revision = "0006"


def _text(name: str, *, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def _number(name: str, kind: Any = sa.BigInteger, *, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, primary_key=primary_key, autoincrement=False)


def upgrade() -> None:
    drafts = op.create_table(
        "catalogue_draft",
        _text("kind", primary_key=True),
        _text("name", primary_key=True),
        _text("organisation"),
        _text("status"),
        _number("revision", sa.Integer),
        _text("state"),
        _number("changed_at"),
    )
    op.create_index("catalogue_draft_status", "catalogue_draft", ["status"])
    publications = op.create_table(
        "catalogue_publication",
        _text("kind", primary_key=True),
        _text("name", primary_key=True),
        _number("version", sa.Integer, primary_key=True),
        _number("since"),
        _number("at"),
        *(_text(name) for name in ("by", "how", "digest")),
    )
    _fill(drafts, publications)


def _fill(drafts: sa.Table, publications: sa.Table) -> None:
    rows = op.get_bind().execute(
        sa.text(
            "SELECT o.kind, o.name, o.document, o.changed_at, v.since FROM catalogue_object o "
            "JOIN catalogue_version v ON v.kind = o.kind AND v.name = o.name AND v.until IS NULL"
        )
    )
    for row in rows.all():
        document = json.loads(row.document)
        organisation = owner(document)
        state = {"organisation": organisation, "standing": "published", "version": 1, "revision": 1, "proposal": None}
        known = {"kind": row.kind, "name": row.name}
        kept = {"organisation": organisation, "status": "published", "revision": 1, "changed_at": row.changed_at}
        op.bulk_insert(drafts, [known | kept | {"state": canonical.encode(state).decode()}])
        made = {"version": 1, "since": row.since, "at": row.changed_at, "by": "operator", "how": "manifest"}
        op.bulk_insert(publications, [known | made | {"digest": digest(document)}])
