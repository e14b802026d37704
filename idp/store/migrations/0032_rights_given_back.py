"""What was taken from a client and given back counts for what is allowed anew, never for what it was issued before."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0032"
down_revision = "0031"

_KEPT = ("client_id", "name", "taken_at")


def upgrade() -> None:
    """What is taken at this moment was taken with the first registration that is counted.

    A right that was given back before cannot be told from one that was never taken.
    """
    op.add_column("client", sa.Column("registration", sa.Integer, nullable=False, server_default="0"))
    op.add_column("family", sa.Column("registration", sa.Integer, nullable=False, server_default="0"))
    old = sa.table("taken_right", sa.column("client_id"), sa.column("name"), sa.column("taken_at", Instant))
    found = op.get_bind().execute(sa.select(*(old.c[name] for name in _KEPT))).mappings().all()
    op.drop_index("taken_right_taken_at", "taken_right")
    op.drop_table("taken_right")
    made = op.create_table(
        "taken_right",
        sa.Column("client_id", sa.String(80), sa.ForeignKey("client.id"), primary_key=True),
        sa.Column("name", sa.String(700), primary_key=True),
        sa.Column("taken_at", Instant, nullable=False),
        sa.Column("registration", sa.Integer, nullable=False),
        sa.Column("given_back", sa.Boolean, nullable=False),
        comment="scopes and service items that were taken from a client, while what it was issued before may name them",
    )
    op.create_index("taken_right_taken_at", "taken_right", ["taken_at"])
    op.bulk_insert(made, [{**row, "registration": 1, "given_back": False} for row in found])
    op.execute("UPDATE client SET registration = 1 WHERE id IN (SELECT client_id FROM taken_right)")
