"""The catalogue: what is published, every version of it, and what is on the way in."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.store.tables.base import METADATA, text
from kernel.database import Instant

catalogue_object = sa.Table(
    "catalogue_object",
    METADATA,
    text("kind", primary_key=True),
    text("name", primary_key=True),
    text("document"),
    sa.Column("changed_at", Instant, nullable=False),
)

catalogue_version = sa.Table(
    "catalogue_version",
    METADATA,
    text("kind", primary_key=True),
    text("name", primary_key=True),
    sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("until", sa.BigInteger, nullable=True),
    text("document"),
)
"""In which versions of the catalogue a manifest read so: what a past decision was made by can be read again."""

catalogue_draft = sa.Table(
    "catalogue_draft",
    METADATA,
    text("kind", primary_key=True),
    text("name", primary_key=True),
    text("organisation"),
    text("status"),
    sa.Column("stage", sa.Text, nullable=False, server_default=""),
    sa.Column("revision", sa.Integer, nullable=False),
    text("state"),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Index("catalogue_draft_status", "status"),
    sa.Index("catalogue_draft_stage", "stage"),
    sa.Index("catalogue_draft_waiting", "changed_at", "kind", "name"),
)
"""Where each entry stands in its life, with the draft under way and its stage (empty: none); changed only under the
revision that was read.
"""

catalogue_publication = sa.Table(
    "catalogue_publication",
    METADATA,
    text("kind", primary_key=True),
    text("name", primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("at", Instant, nullable=False),
    text("by"),
    text("how"),
    text("digest"),
)
"""Who published which version of an entry when, by review or by manifest; its text is that of ``catalogue_version``
with the same ``since``.
"""

system_check_in = sa.Table(
    "system_check_in",
    METADATA,
    text("system", primary_key=True),
    text("organisation"),
    text("binding"),
    sa.Column("at", Instant, nullable=False),
)
"""The last time a system showed a token bound to its own key."""
