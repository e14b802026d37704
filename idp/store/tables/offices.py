"""Administrators' proposals, the links by which staff make their accounts, and which offices were ever held."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, Text

from idp.store.tables.base import metadata
from kernel.database import Instant

proposal = Table(
    "proposal",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("command", String(40), nullable=False),
    Column("facts", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("proposed_by", String(40), ForeignKey("person.id"), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("decided_by", String(40), ForeignKey("person.id")),
    Column("decided_at", Instant),
    Column("outcome", String(10)),
    Index("proposal_proposed_at", "proposed_at"),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("roles", Text, nullable=False),
    Column("organisation", String(18), ForeignKey("organisation.code")),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("invited_by", String(40)),
    Column("proposal", String(40)),
    Index("enrolment_expires_at", "expires_at"),
)

office_held = Table("office_held", metadata, Column("role", String(40), primary_key=True))
