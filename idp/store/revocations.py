"""What no longer counts although its signature is good: tokens, sessions, clients and mandates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from idp.model.representation import reference_of, reference_of_agency
from idp.store import appointments, representations, versions
from idp.store.tables import client, family, revoked_token, web_session
from kernel.database import upsert_ignore


@dataclass(frozen=True, slots=True)
class Revoked:
    """The revoked as of a version: token identifiers, pairwise session identifiers, clients.

    ``withdrawn``: those of the tokens whose person has withdrawn the consent that they stand for. ``mandates``: what
    people may no longer do for somebody else, by its reference.
    """

    version: int
    jti: frozenset[str]
    sid: frozenset[str]
    clients: frozenset[str]
    withdrawn: frozenset[str]
    mandates: frozenset[str] = frozenset()


REMEMBER_MANDATES = timedelta(days=7)
"""How long the end of a mandate is told: what an exchange keeps beyond tokens has to end with it (ADR 0062)."""


def add(connection: Connection, jti: str, expires_at: datetime, *, withdrawn_at: datetime | None = None) -> None:
    """Revoke one access token until it would have expired; ``withdrawn_at``: when its person took back the consent."""
    statement = upsert_ignore(revoked_token, connection)
    connection.execute(statement.values(jti=jti, expires_at=expires_at, withdrawn_at=withdrawn_at))
    versions.advance(connection, versions.REVOCATIONS)


def current(connection: Connection, now: datetime, longest_token: timedelta) -> Revoked:
    """Everything revoked that a token still alive may stem from. The version is read first, so it is never too new."""
    version = versions.current(connection, versions.REVOCATIONS)
    tokens = select(revoked_token.c.jti, revoked_token.c.withdrawn_at).where(revoked_token.c.expires_at > now)
    ended = (
        select(family.c.sid)
        .join(web_session, web_session.c.id == family.c.session)
        .where(web_session.c.ended_at > now - longest_token)
        .distinct()
    )
    disabled = select(client.c.id).where(client.c.disabled_at.is_not(None))
    revoked = connection.execute(tokens).all()
    return Revoked(
        version,
        frozenset(jti for jti, _ in revoked),
        frozenset(connection.execute(ended).scalars()),
        frozenset(connection.execute(disabled).scalars()),
        frozenset(jti for jti, withdrawn_at in revoked if withdrawn_at is not None),
        _ended_mandates(connection, now),
    )


def _ended_mandates(connection: Connection, now: datetime) -> frozenset[str]:
    since = now - REMEMBER_MANDATES
    own = (reference_of(*each) for each in representations.ended_since(connection, since, now))
    return frozenset({*own, *map(reference_of_agency, appointments.ended_since(connection, since))})
