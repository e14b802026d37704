"""Sessions, what is asked in them, what people allowed, and how they end."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from idp.store.tables.base import metadata
from kernel.database import Instant

web_session = Table(
    "web_session",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("cookie_hash", LargeBinary(32), nullable=False, unique=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("factors", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("device", String(40)),
    Column("network", String(50)),
    Index("web_session_person", "person", "ended_at"),
    Index("web_session_expires_at", "expires_at"),
    Index("web_session_ended_at", "ended_at"),
    Index("web_session_seen_at", "seen_at"),
)

logout_notice = Table(
    "logout_notice",
    metadata,
    Column("session", String(40), primary_key=True),
    Column("client_id", String(80), ForeignKey("client.id"), primary_key=True),
    Column("person", String(40), nullable=False),
    Column("sid", String(60), nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("next_try_at", Instant, nullable=False),
    Index("logout_notice_next_try_at", "state", "next_try_at"),
    Index("logout_notice_ended_at", "ended_at"),
    comment="who has to be told that a session ended, and whether it was",
)

pushed_request = Table(
    "pushed_request",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("client_id", String(80), nullable=False),
    Column("parameters", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Index("pushed_request_expires_at", "expires_at"),
)

interaction = Table(
    "interaction",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("browser_hash", LargeBinary(32), nullable=False),
    Column("request", Text, nullable=False),
    Column("pushed", LargeBinary(32)),
    Column("started_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Index("interaction_expires_at", "expires_at"),
)

consent = Table(
    "consent",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("person", String(40), ForeignKey("person.id"), nullable=False),
    Column("client_id", String(80), ForeignKey("client.id"), nullable=False),
    Column("answer", String(10), nullable=False),
    Column("scope", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("until", Instant),
    Column("withdrawn_at", Instant),
    Index("consent_person", "person", "client_id"),
    Index("consent_until", "until"),
)

device_request = Table(
    "device_request",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("user_hash", LargeBinary(32), nullable=False, unique=True),
    Column("client_id", String(80), ForeignKey("client.id"), nullable=False),
    Column("request", Text, nullable=False),
    Column("interval", Integer, nullable=False),
    Column("poll_after", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("family", String(40), ForeignKey("family.id")),
    Column("used_at", Instant),
    Index("device_request_expires_at", "expires_at"),
    Index("device_request_family", "family"),
    comment="device and user codes, by hashes",
)

backchannel_request = Table(
    "backchannel_request",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("client_id", String(80), ForeignKey("client.id"), nullable=False),
    Column("person", String(40), ForeignKey("person.id")),
    Column("mark", LargeBinary(32), nullable=False),
    Column("request", Text, nullable=False),
    Column("interval", Integer, nullable=False),
    Column("poll_after", Instant, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("family", String(40), ForeignKey("family.id")),
    Column("used_at", Instant),
    Column("ping", LargeBinary),
    Column("ping_attempts", Integer, nullable=False),
    Column("ping_at", Instant),
    Index("backchannel_request_mark", "mark"),
    Index("backchannel_request_client", "client_id", "expires_at"),
    Index("backchannel_request_person", "person"),
    Index("backchannel_request_expires_at", "expires_at"),
    Index("backchannel_request_family", "family"),
    Index("backchannel_request_ping_at", "ping_at"),
    comment="CIBA: auth_req_id by its hash; ping sealed under the person's key",
)

backchannel_asking = Table(
    "backchannel_asking",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("backchannel_asking_asked_at", "asked_at", "id"),
    Index("backchannel_asking_expires_at", "expires_at"),
    comment="CIBA: whom a request by the back channel means, not looked at yet; sealed, whomever it names",
)
