"""What no longer counts although its signature is good: tokens, sessions, clients and mandates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from idp.model.representation import reference_of, reference_of_agency
from idp.store import appointments, representations, versions
from idp.store.tables import client, family, revoked_token, taken_right, web_session
from kernel.database import upsert_ignore


@dataclass(frozen=True, slots=True)
class Revoked:
    """The revoked as of a version: token identifiers, pairwise session identifiers, clients.

    ``withdrawn``: those of the tokens whose person has withdrawn the consent that they stand for. ``mandates``: what
    people may no longer do for somebody else, by its reference. ``taken``: the scopes and service items that a client's
    registration named until a moment ago.
    """

    version: int
    jti: frozenset[str]
    sid: frozenset[str]
    clients: frozenset[str]
    withdrawn: frozenset[str]
    mandates: frozenset[str] = frozenset()
    taken: Mapping[str, frozenset[str]] = field(default_factory=dict)


REMEMBER_MANDATES = timedelta(days=7)
"""How long the end of a mandate is told: what an exchange keeps beyond tokens has to end with it (ADR 0062)."""


def add(connection: Connection, jti: str, expires_at: datetime, *, withdrawn_at: datetime | None = None) -> None:
    """Revoke one access token until it would have expired; ``withdrawn_at``: when its person took back the consent."""
    statement = upsert_ignore(revoked_token, connection)
    connection.execute(statement.values(jti=jti, expires_at=expires_at, withdrawn_at=withdrawn_at))
    versions.advance(connection, versions.REVOCATIONS)


def take(connection: Connection, client_id: str, before: frozenset[str], after: frozenset[str], now: datetime) -> None:
    """Say of a client's tokens that they no longer have what its registration lost; what it got back, they have.

    By name and not by the time of issue: a node that had not noticed yet may have issued one a moment later (S2).
    """
    if before == after:
        return
    mine = taken_right.c.client_id == client_id
    connection.execute(delete(taken_right).where(mine, taken_right.c.name.in_(sorted(after | before))))
    for name in sorted(before - after):
        connection.execute(taken_right.insert().values(client_id=client_id, name=name, taken_at=now))
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
        _taken(connection, now - longest_token),
    )


def _taken(connection: Connection, since: datetime) -> Mapping[str, frozenset[str]]:
    """By client, what its tokens may still name although its registration does not."""
    found = select(taken_right.c.client_id, taken_right.c.name).where(taken_right.c.taken_at > since)
    by_client: dict[str, set[str]] = defaultdict(set)
    for client_id, name in connection.execute(found):
        by_client[client_id].add(name)
    return {client_id: frozenset(names) for client_id, names in by_client.items()}


def _ended_mandates(connection: Connection, now: datetime) -> frozenset[str]:
    since = now - REMEMBER_MANDATES
    own = (reference_of(*each) for each in representations.ended_since(connection, since, now))
    return frozenset({*own, *map(reference_of_agency, appointments.ended_since(connection, since))})
