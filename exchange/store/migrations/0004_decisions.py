"""The decision log, and by which grants and which catalogue each epoch decided."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False, primary_key=primary_key)


def _number(name: str, kind: Any = sa.BigInteger, *, primary_key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, primary_key=primary_key, autoincrement=False)


def upgrade() -> None:
    op.create_table(
        "grant_force",
        _text("id", primary_key=True),
        _number("version", sa.Integer, primary_key=True),
        _number("since", primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=True),
    )
    op.create_table(
        "catalogue_version",
        _text("kind", primary_key=True),
        _text("name", primary_key=True),
        _number("since", primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=True),
        _text("document"),
    )
    op.create_table(
        "decision",
        _number("entry", _BIG, primary_key=True),
        _text("request_id"),
        _number("item", sa.Integer),
        _number("at"),
        _number("epoch"),
        _number("catalogue"),
        _text("rules"),
        sa.Column("subject", sa.LargeBinary, nullable=True),
        _text("evidence_type"),
        _text("asked"),
        sa.Column("consent_from", sa.BigInteger, nullable=True),
        sa.Column("consent_until", sa.BigInteger, nullable=True),
        _text("verdict"),
        _text("outcome"),
    )
    op.create_index("decision_type", "decision", ["evidence_type", "at"])
    # What holds now is known; what held before was not kept.
    op.execute(
        "INSERT INTO grant_force (id, version, since) "
        "SELECT id, version, (SELECT epoch FROM policy_epoch) FROM grant_version WHERE status = 'active'"
    )
    op.execute(
        "INSERT INTO catalogue_version (kind, name, since, document) "
        "SELECT kind, name, (SELECT catalogue FROM policy_epoch), document FROM catalogue_object"
    )
