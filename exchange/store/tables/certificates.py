"""How certificates stand, and what was reported of them."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import BIG, METADATA, subject_index, text
from kernel.database import Instant

certificate = sa.Table(
    "certificate",
    METADATA,
    subject_index("certificate", primary_key=True),
    text("organisation"),
    text("evidence_type"),
    subject_index(),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Index("certificate_holder", "subject", "evidence_type"),
)
"""``certificate`` is the keyed index of the e-certificate identifier, ``subject`` of its holder."""

certificate_change = sa.Table(
    "certificate_change",
    METADATA,
    subject_index("certificate", primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    text("change"),
    text("status"),
    sa.Column("effective_at", Instant, nullable=False),
    sa.Column("valid_until", sa.Text, nullable=True),
    sa.Column("description", sa.Text, nullable=True),
    sa.Column("recorded_at", Instant, nullable=False),
    sa.Column("organisation", sa.Text, nullable=False, server_default=""),
    sa.Column("entry", BIG, nullable=False, server_default="-1"),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("officer", sa.Text, nullable=False, server_default=""),
    sa.Index("certificate_change_recorded", "organisation", "entry"),
)
"""One row for each report, written with its ledger entry; ``officer`` is whoever recorded it by hand."""
