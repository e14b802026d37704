"""Addresses of the account pages."""

from __future__ import annotations

ACCOUNT = "/account"
IDENTITY = f"{ACCOUNT}/identity"
UPSTREAM = f"{IDENTITY}/upstream"
REPRESENTATIONS = f"{ACCOUNT}/representations"
AGENCIES = f"{REPRESENTATIONS}/agencies"
SECURITY = f"{ACCOUNT}/security"
SESSIONS = f"{ACCOUNT}/sessions"
PASSWORD = f"{SECURITY}/password"
PASSKEYS = f"{SECURITY}/passkeys"
PASSKEY_SET_UP = f"{PASSKEYS}/new"
APP = f"{SECURITY}/app"
RECOVERY = f"{SECURITY}/recovery-codes"
CHANNELS = f"{SECURITY}/channels"
USER_CODE = f"{SECURITY}/user-code"
