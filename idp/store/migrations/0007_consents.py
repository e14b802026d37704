"""Consents as a list a person can look at: what for, since when, until when, withdrawn when."""

import json

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    old = sa.table(
        "consent",
        sa.column("person", sa.String),
        sa.column("client_id", sa.String),
        sa.column("scope", sa.Text),
        sa.column("given_at", Instant),
    )
    remembered = op.get_bind().execute(sa.select(old)).all()
    op.drop_table("consent")
    made = op.create_table(
        "consent",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("client_id", sa.String(80), sa.ForeignKey("client.id"), nullable=False),
        sa.Column("answer", sa.String(10), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("given_at", Instant, nullable=False),
        sa.Column("until", Instant),
        sa.Column("withdrawn_at", Instant),
    )
    op.create_index("consent_person", "consent", ["person", "client_id"])
    op.create_index("consent_until", "consent", ["until"])
    op.create_index("family_person", "family", ["person", "client_id"])
    terms = json.dumps(
        {"basis": {"en": "Your consent", "zh": "本人同意"}, "covers": [], "purpose": {"en": "Sign in", "zh": "登录"}},
        ensure_ascii=False,
    )
    rows = [
        {
            "id": f"cns_before_{number}",
            "person": row.person,
            "client_id": row.client_id,
            "answer": "consent",
            "scope": row.scope,
            "terms": terms,
            "given_at": row.given_at,
        }
        for number, row in enumerate(remembered)
    ]
    if rows:
        op.bulk_insert(made, rows)
