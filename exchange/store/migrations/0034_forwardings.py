"""Addresses that offices have their messages sent to, the outbox, and what became of each post."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

_WAITING = sa.text("outcome = 'waiting'")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    """Messages stayed in the house before."""
    op.create_table(
        "forwarding",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("organisation", "role", "way"),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        *_texts("kinds", "pace", "language", "status"),
        sa.Column("revision", sa.Integer, nullable=False),
        *_texts("trouble", "digested"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("proven_at", sa.BigInteger, nullable=True),
    )
    op.create_index("forwarding_office", "forwarding", ["role", "organisation"])
    op.create_table(
        "forwarded_message",
        sa.Column("forwarding", sa.Text, primary_key=True),
        sa.Column("message", sa.Text, primary_key=True),
        *_texts("kind"),
        sa.Column("urgent", sa.Boolean, nullable=False),
        *_texts("post"),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("forwarded_message_post", "forwarded_message", ["post", "urgent", "forwarding"])
    op.create_index("forwarded_message_at", "forwarded_message", ["at"])
    op.create_table(
        "forwarding_post",
        sa.Column("id", sa.Text, primary_key=True),
        *_texts("forwarding", "kind", "outcome", "trouble"),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger, nullable=True),
    )
    op.create_index("forwarding_post_of", "forwarding_post", ["forwarding", "id"])
    op.create_index(
        "forwarding_post_waiting", "forwarding_post", ["due_at"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )
