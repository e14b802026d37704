"""A proven relation says whose record proved it; of those proven before nobody is known, so they make no guardian."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    # The new column is part of the key, which SQLite cannot alter: the table is made anew.
    op.execute("CREATE TEMPORARY TABLE kept_relation AS SELECT * FROM case_relation")
    op.drop_table("case_relation")
    op.create_table(
        "case_relation",
        sa.Column("case_id", sa.Text, nullable=False, primary_key=True),
        sa.Column("subject", sa.LargeBinary, nullable=False, primary_key=True),
        sa.Column("relation", sa.Text, nullable=False, primary_key=True),
        sa.Column("proved_by", sa.LargeBinary, nullable=False, primary_key=True),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("item", sa.Integer, nullable=False),
    )
    move = sa.text(
        "INSERT INTO case_relation (case_id, subject, relation, proved_by, request_id, item) "
        "SELECT case_id, subject, relation, :unknown, request_id, item FROM kept_relation"
    )
    op.get_bind().execute(move.bindparams(sa.bindparam("unknown", b"", sa.LargeBinary)))
    op.execute("DROP TABLE kept_relation")
