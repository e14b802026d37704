"""Departments, their clients and resource servers."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from idp.store.tables.base import metadata
from kernel.database import Instant

organisation = Table(
    "organisation",
    metadata,
    Column("code", String(18), primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

client = Table(
    "client",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("organisation", String(18), ForeignKey("organisation.code"), nullable=False),
    Column("metadata", Text, nullable=False),
    Column("secret_hash", LargeBinary(32)),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("registration", Integer, nullable=False, server_default="0"),
)

resource_server = Table(
    "resource_server",
    metadata,
    Column("identifier", String(500), primary_key=True),
    Column("organisation", String(18), ForeignKey("organisation.code"), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("clients", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

invitation = Table(
    "invitation",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("organisation", String(18), ForeignKey("organisation.code"), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("grant_types", Text, nullable=False),
    Column("fixed", Text, nullable=False),
    Column("uses_left", Integer, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("invitation_expires_at", "expires_at"),
    comment="initial access tokens (RFC 7591), by their hash",
)

client_management = Table(
    "client_management",
    metadata,
    Column("client_id", String(80), ForeignKey("client.id"), primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False),
    Column("organisation", String(18), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("grant_types", Text, nullable=False),
    Column("fixed", Text, nullable=False),
    Column("issued_at", Instant, nullable=False),
    comment="clients that manage themselves (RFC 7592), and how far",
)
