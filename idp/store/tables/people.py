"""People, what they sign in with, and how they are reached."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from idp.store.tables.base import metadata
from kernel.database import Instant

_DISABLED = text("disabled_at IS NOT NULL")

person = Table(
    "person",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("username", String(100), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("assurance", Integer, nullable=False),
    Column("data_key", LargeBinary, nullable=False),
    Column("subject_sealed", LargeBinary),
    Column("subject_index", LargeBinary(32), unique=True),
    Column("organisation", String(18), ForeignKey("organisation.code")),
    Column("roles", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    Column("disabled_everywhere", Boolean, nullable=False),
    Column("last_disabled_at", Instant),
    Index("person_disabled", "id", sqlite_where=_DISABLED, postgresql_where=_DISABLED),
)

credential = Table(
    "credential",
    metadata,
    Column("person", String(40), ForeignKey("person.id"), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("totp_sealed", LargeBinary),
    Column("totp_counter", Integer, nullable=False),
    Column("user_code_hash", Text),
    Column("stands_alone", Boolean),
)

passkey = Table(
    "passkey",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("transports", String(100), nullable=False),
    Column("bound", Integer, nullable=False),
    Column("backed_up", Integer, nullable=False),
    Column("name", String(60), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Index("passkey_person", "person"),
)

passkey_challenge = Table(
    "passkey_challenge",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("purpose", String(10), nullable=False),
    Column("browser", LargeBinary(32), nullable=False),
    Column("person", String(40)),
    Column("expires_at", Instant, nullable=False),
    Index("passkey_challenge_expires_at", "expires_at"),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("recovery_code_person", "person"),
)

sent_code = Table(
    "sent_code",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("sent_code_expires_at", "expires_at"),
)

totp_enrolment = Table(
    "totp_enrolment",
    metadata,
    Column("person", String(40), ForeignKey("person.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

known_device = Table(
    "known_device",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), primary_key=True),
    Column("first_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("proven_at", Instant),
    Index("known_device_expires_at", "expires_at"),
)

contact_channel = Table(
    "contact_channel",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("confirmed_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("codes_since", Instant),
    Index("contact_channel_person", "person"),
)

notice = Table(
    "notice",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("settled_at", Instant),
    Column("outcome", String(10)),
    Index("notice_due_at", "due_at"),
    Index("notice_expires_at", "expires_at"),
)

throttle = Table(
    "throttle",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("blocked_until", Instant, nullable=False),
    Column("keep_until", Instant, nullable=False),
    Index("throttle_keep_until", "keep_until"),
)
