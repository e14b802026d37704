"""What decisions are made by, and the decisions themselves: epoch, grants, the log of decisions, quotas."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import BIG, METADATA, text
from kernel.database import Instant

policy_epoch = sa.Table(
    "policy_epoch",
    METADATA,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("catalogue", sa.BigInteger, nullable=False),
    sa.CheckConstraint("one = 1", name="policy_epoch_is_one_row"),
)
"""What every decision is made under: any change of grants or catalogue raises ``epoch``; ``catalogue`` is the
latter's own.
"""

grant_version = sa.Table(
    "grant_version",
    METADATA,
    text("id", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    text("status"),
    sa.Column("revision", sa.Integer, nullable=False),
    text("consumer"),
    text("provider"),
    text("evidence_type"),
    text("state"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("review", sa.Text, nullable=True),
    sa.Index("grant_version_status", "status"),
)

grant_force = sa.Table(
    "grant_force",
    METADATA,
    text("id", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("until", sa.BigInteger, nullable=True),
)
"""In which epochs a grant was part of the active set: from ``since`` until before ``until``, without one still."""

decision = sa.Table(
    "decision",
    METADATA,
    sa.Column("entry", BIG, primary_key=True, autoincrement=False),
    text("request_id"),
    sa.Column("item", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("catalogue", sa.BigInteger, nullable=False),
    text("rules"),
    sa.Column("subject", sa.LargeBinary, nullable=True),
    text("evidence_type"),
    text("asked"),
    sa.Column("consent_from", Instant, nullable=True),
    sa.Column("consent_until", Instant, nullable=True),
    text("verdict"),
    text("outcome"),
    sa.Index("decision_type", "evidence_type", "at"),
)
"""One row per decision and ledger entry (``entry``), written in its transaction: everything the decision depended on,
and what it said, so that it can be made again (``policies.recorded``). About whom: a blind index, never a number.
"""

sa.Table(
    "quota_use",
    METADATA,
    text("grant_ref", primary_key=True),
    text("day", primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
)

sa.Table(
    "grant_use",
    METADATA,
    text("grant_ref", primary_key=True),
    text("day", primary_key=True),
    sa.Column("releases", sa.BigInteger, nullable=False),
    sa.Column("last", Instant, nullable=False),
    text("fields"),
    text("predicates"),
    sa.Index("grant_use_day", "day"),
)
"""What was released under a grant (id@version) on a day in China: how often, when last, and everything that was asked
for. Counted from the decision log, and kept no longer than it is looked at.
"""

sa.Table(
    "grant_use_counted",
    METADATA,
    sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("entry", sa.BigInteger, nullable=False),
    sa.CheckConstraint("one = 1", name="grant_use_counted_is_one_row"),
)
"""The last entry of the decision log that is counted; one row."""
