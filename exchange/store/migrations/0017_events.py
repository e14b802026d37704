"""Change signals, subscriptions and their queues; who holds evidence about somebody is found fast."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITING = sa.text("distributed_at IS NULL")


def upgrade() -> None:
    """The outbox, the turn of whoever hands signals out, subscriptions and their queues."""
    op.create_table(
        "signal",
        sa.Column("number", _BIG, primary_key=True, autoincrement=True),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("evidence_type", sa.Text, nullable=False),
        sa.Column("subject", sa.LargeBinary, nullable=True),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("distributed_at", sa.BigInteger, nullable=True),
        sa.UniqueConstraint("cause", name="signal_once"),
    )
    op.create_index("signal_waiting", "signal", ["number"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    turn = op.create_table(
        "signal_turn",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("turns", _BIG, nullable=False),
    )
    op.bulk_insert(turn, [{"one": 1, "turns": 0}])
    op.create_table(
        "event_subscription",
        sa.Column("id", sa.Text, primary_key=True),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("system", "organisation", "kinds", "evidence_types", "delivery", "status")
        ),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("last_number", _BIG, nullable=False),
        sa.Column("settled", _BIG, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("event_subscription_system", "event_subscription", ["system"])
    op.create_index("event_subscription_due", "event_subscription", ["delivery", "status", "due_at"])
    op.create_table(
        "event",
        sa.Column("subscription", sa.Text, primary_key=True),
        sa.Column("number", _BIG, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "kind", "evidence_type", "subject", "data")),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("event_at", "event", ["at"])
    op.create_index("delivery_relied_on", "delivery", ["subject", "evidence_type"])
