"""What cases declared, how their requirements were met, and what came of each when its case was closed."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import BIG, METADATA, subject_index, text
from kernel.database import Instant

case_circumstance = sa.Table(
    "case_circumstance",
    METADATA,
    text("case_id", primary_key=True),
    text("code", primary_key=True),
    text("value"),
)
"""Facts about a case on which it depends what is required."""

_AWAITED = sa.text("awaited <> ''")

resolution = sa.Table(
    "resolution",
    METADATA,
    text("id", primary_key=True),
    text("case_id"),
    text("organisation"),
    text("service_item"),
    text("requirement"),
    subject_index(),
    text("rung"),
    text("verdict"),
    text("steps"),
    text("officer"),
    text("due"),
    text("awaited"),
    sa.Column("overdue_at", Instant, nullable=True),
    sa.Column("entry", BIG, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("resolution_case", "case_id"),
    sa.Index("resolution_at", "at"),
    sa.Index("resolution_awaited", "due", sqlite_where=_AWAITED, postgresql_where=_AWAITED),
    sa.Index("resolution_overdue", "overdue_at"),
)
"""Each time a department took a rung below sharing, or was refused it; ``subject`` is empty for the applicant.

``due`` is the day by which a deferred paper follows (ISO 8601, empty: none); ``awaited`` what is told of it next
(near, late, empty: nothing), ``overdue_at`` since when it is known to be late.
``verdict`` is accepted, refused, or against-guard: a window, which is never refused, taken without a cause that holds.
"""

case_outcome = sa.Table(
    "case_outcome",
    METADATA,
    text("case_id", primary_key=True),
    text("requirement", primary_key=True),
    subject_index(primary_key=True),
    text("organisation"),
    text("service_item"),
    text("rung"),
    sa.Column("papers", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("case_outcome_at", "at"),
)
"""How each requirement stood when its case was closed: by which rung it was met (empty: it was not), and the papers it
would have taken.
"""
