"""Removing what can no longer matter, in small bites, so that no sweep holds a lock for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection, Table, and_, delete, select
from sqlalchemy.sql.elements import ColumnElement

from idp.store import signing_up
from idp.store.tables import (
    appointment,
    backchannel_asking,
    backchannel_request,
    code,
    consent,
    device_request,
    enrolment,
    family,
    interaction,
    invitation,
    issued_token,
    known_device,
    logout_notice,
    notice,
    passkey_challenge,
    proposal,
    pushed_request,
    recovery,
    recovery_asking,
    refresh,
    representation,
    revoked_token,
    seen_proof,
    sent_code,
    taken_right,
    throttle,
    totp_enrolment,
    upstream_visit,
    web_session,
    window_check,
)

Bite: TypeAlias = Callable[[Connection], int]
"""Removes some rows of one table in a transaction; how many."""
BITE = 500
KEEP_AFTERWARDS = timedelta(hours=1)
"""Longer than any token lives, so that reuse and revocation are still noticed."""

KEEP_PROOFS = timedelta(minutes=3)
"""Longer than two nodes' clocks are apart: what this node takes for stale, another may still accept (D1, C11)."""
KEEP_RECORDS = timedelta(days=3 * 365)
"""How long a person can look up what they agreed to after it ended (PIPL article 56 keeps such records three years),
and administrators what was proposed and decided."""
KEEP_RIGHTS = timedelta(days=30)
"""How long it is known that a right was taken from a client: longer than any session, and whatever stems from
one, lives."""
KEEP_NOTICES = timedelta(days=1)
"""Longer than a department is tried to be told; what came of it stays in the ledger."""


def sweep(write: Callable[[Bite], int], now: datetime) -> int:
    """One bite of every table, each in a transaction of its own; how many rows went. Call again while it is not 0.

    Nothing needs two tables to change at once: what others refer to goes only after them (`_childless`).
    """
    return sum(write(bite) for bite in _bites(now))


def _bites(now: datetime) -> Iterator[Bite]:
    past = now - KEEP_AFTERWARDS
    open_yet = select(web_session.c.id).where(web_session.c.id == family.c.session, web_session.c.ended_at.is_(None))
    gone = and_(family.c.expires_at < past, ~open_yet.exists())  # whom to tell of the session's end is read from it
    dead = select(family.c.id).where(gone).limit(BITE)
    yield _bite(seen_proof, seen_proof.c.keep_until < now - KEEP_PROOFS)
    yield _bite(pushed_request, pushed_request.c.expires_at < past)
    yield _bite(interaction, interaction.c.expires_at < past)
    yield _bite(revoked_token, revoked_token.c.expires_at < past)
    yield _bite(taken_right, taken_right.c.taken_at < now - KEEP_RIGHTS)
    yield _bite(notice, notice.c.expires_at < now)
    yield _bite(invitation, invitation.c.expires_at < past)
    yield _bite(passkey_challenge, passkey_challenge.c.expires_at < now)
    yield _bite(sent_code, sent_code.c.expires_at < now)
    yield _bite(totp_enrolment, totp_enrolment.c.expires_at < now)
    yield _bite(known_device, known_device.c.expires_at < now)
    yield _bite(throttle, throttle.c.keep_until < now)
    yield _bite(device_request, device_request.c.expires_at < past)
    yield _bite(backchannel_asking, backchannel_asking.c.expires_at < now)
    yield _bite(backchannel_request, backchannel_request.c.expires_at < past)
    yield from (_bite(child, child.c.family.in_(dead)) for child in (code, refresh, issued_token))
    yield _bite(family, gone & _childless())
    yield _bite(enrolment, enrolment.c.expires_at < past)
    yield _bite(proposal, proposal.c.proposed_at < now - KEEP_RECORDS)
    yield _bite(window_check, window_check.c.expires_at < now)
    yield _bite(upstream_visit, upstream_visit.c.expires_at < now)
    yield _bite(recovery, recovery.c.expires_at < past)
    yield _bite(recovery_asking, recovery_asking.c.expires_at < now)
    yield _bite(consent, consent.c.until < now - KEEP_RECORDS)
    yield _bite(appointment, appointment.c.valid_until < now - KEEP_RECORDS)
    yield _bite(representation, representation.c.valid_until < now - KEEP_RECORDS)
    yield _bite(logout_notice, logout_notice.c.ended_at < now - KEEP_NOTICES)
    yield lambda connection: signing_up.forget(connection, past, BITE)
    yield _bite(web_session, and_(web_session.c.expires_at < past, web_session.c.ended_at.is_not(None)))


def _childless() -> ColumnElement[bool]:
    """A family goes after everything that refers to it."""
    children = (code, refresh, issued_token, device_request, backchannel_request)
    return and_(*(~select(child.c.family).where(child.c.family == family.c.id).exists() for child in children))


def _bite(table: Table, condition: ColumnElement[bool]) -> Bite:
    key = next(iter(table.primary_key.columns))
    few = select(key).where(condition).limit(BITE)
    statement = delete(table).where(key.in_(few), condition)
    return lambda connection: connection.execute(statement).rowcount
