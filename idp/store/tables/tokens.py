"""What stems from somebody's consent, and what is used up or revoked."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from idp.store.tables.base import metadata
from kernel.database import Instant

family = Table(
    "family",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("client_id", String(80), ForeignKey("client.id"), nullable=False),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("session", String(40), nullable=False),
    Column("sid", String(60), nullable=False),
    Column("scope", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("factors", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("dpop_jkt", String(60)),
    Column("certificate", String(60)),
    Column("may_act", Text),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("claims", Text),
    Column("resource", String(500)),
    Column("representation", String(40)),
    Column("registration", Integer, nullable=False, server_default="0"),
    Index("family_session", "session"),
    Index("family_person", "person", "client_id"),
    Index("family_expires_at", "expires_at"),
    Index("family_representation", "representation"),
)

code = Table(
    "code",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("client_id", String(80), nullable=False),
    Column("family", String(40), ForeignKey("family.id"), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("code_challenge", String(128), nullable=False),
    Column("nonce", Text),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("code_family", "family"),
)

refresh = Table(
    "refresh",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("client_id", String(80), nullable=False),
    Column("family", String(40), ForeignKey("family.id"), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("superseded_by", LargeBinary(32)),
    Column("superseded_at", Instant),
    Index("refresh_family", "family"),
)

issued_token = Table(
    "issued_token",
    metadata,
    Column("jti", String(40), primary_key=True),
    Column("family", String(40), ForeignKey("family.id"), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("issued_token_family", "family"),
)

revoked_token = Table(
    "revoked_token",
    metadata,
    Column("jti", String(40), primary_key=True),
    Column("expires_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Index("revoked_token_expires_at", "expires_at"),
)

taken_right = Table(
    "taken_right",
    metadata,
    Column("client_id", String(80), ForeignKey("client.id"), primary_key=True),
    Column("name", String(700), primary_key=True),
    Column("taken_at", Instant, nullable=False),
    Column("registration", Integer, nullable=False),
    Column("given_back", Boolean, nullable=False),
    Index("taken_right_taken_at", "taken_at"),
    comment="scopes and service items that were taken from a client, while what it was issued before may name them",
)

seen_proof = Table(
    "seen_proof",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("keep_until", Instant, nullable=False),
    Index("seen_proof_keep_until", "keep_until"),
    comment="client assertions and DPoP proofs already accepted, by SHA-256 of kind, issuer and jti",
)
