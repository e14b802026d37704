"""The tables (SQLAlchemy Core), by aggregate. The migrations in `migrations/` make them; a test keeps both equal."""

from idp.store.tables.base import ledger, metadata, state_version
from idp.store.tables.clients import client, client_management, invitation, organisation, resource_server
from idp.store.tables.offices import enrolment, proposal
from idp.store.tables.people import (
    contact_channel,
    credential,
    known_device,
    notice,
    passkey,
    passkey_challenge,
    person,
    recovery_code,
    sent_code,
    throttle,
    totp_enrolment,
)
from idp.store.tables.proofing import proofing, recovery, representation, signing_up, upstream_visit, window_check
from idp.store.tables.sessions import (
    backchannel_request,
    consent,
    device_request,
    interaction,
    logout_notice,
    pushed_request,
    web_session,
)
from idp.store.tables.tokens import code, family, issued_token, refresh, revoked_token, seen_proof

__all__ = [
    "backchannel_request",
    "client",
    "client_management",
    "code",
    "consent",
    "contact_channel",
    "credential",
    "device_request",
    "enrolment",
    "family",
    "interaction",
    "invitation",
    "issued_token",
    "known_device",
    "ledger",
    "logout_notice",
    "metadata",
    "notice",
    "organisation",
    "passkey",
    "passkey_challenge",
    "person",
    "proofing",
    "proposal",
    "pushed_request",
    "recovery",
    "recovery_code",
    "refresh",
    "representation",
    "resource_server",
    "revoked_token",
    "seen_proof",
    "sent_code",
    "signing_up",
    "state_version",
    "throttle",
    "totp_enrolment",
    "upstream_visit",
    "web_session",
    "window_check",
]
