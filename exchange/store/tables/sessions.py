"""Officers' sessions at the exchange's own pages."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

console_session = sa.Table(
    "console_session",
    METADATA,
    sa.Column("token", sa.LargeBinary, primary_key=True),
    text("sid"),
    text("officer"),
    sa.Column("used_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Index("console_session_sid", "sid"),
    sa.Index("console_session_officer", "officer"),
    sa.Index("console_session_ends_at", "ends_at"),
)
"""Officers signed in at the pages. ``token`` is the hash of the cookie; what they hold is sealed under the cookie
itself.
"""
