"""The tables (SQLAlchemy Core). The migrations in `migrations/` make them; a test keeps both equal."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

from kernel.database import Instant
from kernel.ledger import store as ledger_store

metadata = MetaData()
ledger = ledger_store.define(metadata)

state_version = Table(
    "state_version",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Integer, nullable=False),
    comment="counts the changes of what nodes keep in memory",
)

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
)

credential = Table(
    "credential",
    metadata,
    Column("person", String(40), ForeignKey("person.id"), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("totp_sealed", LargeBinary),
    Column("totp_counter", Integer, nullable=False),
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
    Index("web_session_person", "person"),
    Index("web_session_expires_at", "expires_at"),
    Index("web_session_ended_at", "ended_at"),
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
    Index("backchannel_request_person", "person"),
    Index("backchannel_request_expires_at", "expires_at"),
    Index("backchannel_request_family", "family"),
    Index("backchannel_request_ping_at", "ping_at"),
    comment="CIBA: auth_req_id by its hash; ping sealed under the person's key",
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
    Index("revoked_token_expires_at", "expires_at"),
)

seen_proof = Table(
    "seen_proof",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("keep_until", Instant, nullable=False),
    Index("seen_proof_keep_until", "keep_until"),
    comment="client assertions and DPoP proofs already accepted, by SHA-256 of kind, issuer and jti",
)

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
    Index("enrolment_expires_at", "expires_at"),
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
    Index("representation_person", "person"),
    comment="who acts for which legal entity; its code and name sealed under the person's key",
)

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
    Index("recovery_person", "person"),
    Index("recovery_expires_at", "expires_at"),
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
