"""How an account came to its level, and what it may be used for."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, false

from idp.store.tables.base import metadata
from kernel.database import Instant

signing_up = Table(
    "signing_up",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("username", String(100), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("finished_at", Instant),
    Index("signing_up_expires_at", "expires_at"),
)

proofing = Table(
    "proofing",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("level", Integer, nullable=False),
    Column("method", String(20), nullable=False),
    Column("verifier", String(100), nullable=False),
    Column("evidence", LargeBinary(32)),
    Column("recorded_by", String(40), ForeignKey("person.id")),
    Column("confirmed_by", String(40), ForeignKey("person.id")),
    Column("recorded_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index("proofing_person", "person"),
    comment="proofs of identity, by digests of the verifiers' references",
)

representation = Table(
    "representation",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("capacity", String(40), nullable=False),
    Column("entity_index", LargeBinary(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("verifier", String(100), nullable=False),
    Column("evidence", LargeBinary(32), nullable=False),
    Column("proven_at", Instant, nullable=False),
    Column("valid_until", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("confirmed_at", Instant),
    Index("representation_person", "person"),
    Index("representation_ended_at", "ended_at"),
    comment="who acts for which legal entity; its code and name sealed under the person's key",
)

appointment = Table(
    "appointment",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("representative", String(40), ForeignKey("person.id"), nullable=False),
    Column("entity_index", LargeBinary(32), nullable=False),
    Column("agent_index", LargeBinary(32), nullable=False),
    Column("agent", String(40), ForeignKey("person.id")),
    Column("sealed", LargeBinary, nullable=False),
    Column("service_items", Text),
    Column("proposed_at", Instant, nullable=False),
    Column("valid_until", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("ended_at", Instant),
    Column("ended_as", String(20)),
    Column("may_appoint", Boolean, nullable=False, server_default=false()),
    Column("via", String(40)),
    Index("appointment_representative", "representative"),
    Index("appointment_agent_index", "agent_index"),
    Index("appointment_agent", "agent"),
    Index("appointment_valid_until", "valid_until"),
    Index("appointment_via", "via"),
    Index("appointment_ended_at", "ended_at"),
    comment="agents of legal entities; what was written of them sealed under the representative's key",
)

window_check = Table(
    "window_check",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("evidence", LargeBinary(32), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("window_check_expires_at", "expires_at"),
)

recovery = Table(
    "recovery",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("stop_hash", LargeBinary(32), nullable=False, unique=True),
    Column("link_hash", LargeBinary(32), nullable=False, unique=True),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("stopped_at", Instant),
    Column("used_at", Instant),
    Column("at_window", Boolean, nullable=False, server_default=false()),
    Index("recovery_person", "person"),
    Index("recovery_expires_at", "expires_at"),
)

recovery_asking = Table(
    "recovery_asking",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("recovery_asking_asked_at", "asked_at", "id"),
    Index("recovery_asking_expires_at", "expires_at"),
    comment="askings for a recovery nobody has looked at yet; the name typed is sealed, every row of one length",
)

upstream_visit = Table(
    "upstream_visit",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("upstream", String(40), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("upstream_visit_expires_at", "expires_at"),
)
