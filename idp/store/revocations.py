"""What no longer counts although its signature is good: tokens, sessions, clients and mandates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, delete, insert, select, update

from idp.model.client import MAY_ACT
from idp.model.representation import reference_of, reference_of_agency
from idp.store import appointments, representations, versions
from idp.store.tables import client, family, revoked_token, taken_right, web_session
from kernel.database import upsert_ignore


@dataclass(frozen=True, slots=True)
class Revoked:
    """The revoked as of a version: token identifiers, pairwise session identifiers, clients.

    ``withdrawn``: those of the tokens whose person has withdrawn the consent that they stand for. ``mandates``: what
    people may not do for somebody else, by its reference: it has ended, or whoever appointed them is disabled now.
    ``taken``: by client, the scopes and service items that its registration named until a moment ago. ``given_back``:
    those that it names again, each with the registration that took it: what was allowed under an earlier one has it no
    more.
    """

    version: int
    jti: frozenset[str]
    sid: frozenset[str]
    clients: frozenset[str]
    withdrawn: frozenset[str]
    mandates: frozenset[str] = frozenset()
    taken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    given_back: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


_OF_A_RESOURCE = "#"
"""Parts a resource server's identifier from its scope (`idp.model.resource.remembered`)."""

REMEMBER_ENDS = timedelta(days=7)
"""How long it is told that a mandate ended, or a right was taken: what an exchange keeps beyond tokens (a request that
waits, a session) has to end with it (ADR 0062)."""


def add(connection: Connection, jti: str, expires_at: datetime) -> None:
    """Revoke one access token until it would have expired."""
    connection.execute(upsert_ignore(revoked_token, connection).values(jti=jti, expires_at=expires_at))
    versions.advance(connection, versions.REVOCATIONS)


def add_every(connection: Connection, tokens: Select[tuple[str, datetime, datetime | None]]) -> None:
    """Revoke access tokens, each with when it would expire and when its person took back the consent, if they did."""
    columns = ["jti", "expires_at", "withdrawn_at"]
    connection.execute(upsert_ignore(revoked_token, connection).from_select(columns, tokens))
    versions.advance(connection, versions.REVOCATIONS)


def take(connection: Connection, client_id: str, before: frozenset[str], after: frozenset[str], now: datetime) -> None:
    """Say of everything a client was issued that it no longer has what the registration lost, even once that is back.

    By the number of the registration, which every token and family carries, and not by the time of issue: a node that
    had not noticed yet may have issued one a moment later, and clocks differ (S2). Call it in the transaction that
    holds the client's row.
    """
    if before == after:
        return
    mine = taken_right.c.client_id == client_id
    connection.execute(
        update(taken_right).where(mine, taken_right.c.name.in_(sorted(after - before))).values(given_back=True)
    )
    if lost := sorted(before - after):
        counted = update(client).where(client.c.id == client_id).values(registration=client.c.registration + 1)
        number = connection.execute(counted.returning(client.c.registration)).scalar_one()
        connection.execute(delete(taken_right).where(mine, taken_right.c.name.in_(lost)))
        rows = {"client_id": client_id, "taken_at": now, "registration": number, "given_back": False}
        connection.execute(insert(taken_right), [rows | {"name": name} for name in lost])
    versions.advance(connection, versions.REVOCATIONS)


def ever_taken(connection: Connection) -> Mapping[str, Mapping[str, int]]:
    """By client, what was ever taken from it, given back or not, and with which of its registrations last."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    rows = select(taken_right.c.client_id, taken_right.c.name, taken_right.c.registration)
    for client_id, name, number in connection.execute(rows):
        found[client_id][name] = number
    return found


def current(connection: Connection, now: datetime, longest_token: timedelta, skew: timedelta) -> Revoked:
    """Everything revoked that a token still alive may stem from. The version is read first, so it is never too new.

    ``skew``: how long a token that has expired here may still be taken elsewhere.
    """
    version = versions.current(connection, versions.REVOCATIONS)
    tokens = select(revoked_token.c.jti, revoked_token.c.withdrawn_at).where(revoked_token.c.expires_at > now - skew)
    ended = (
        select(family.c.sid)
        .join(web_session, web_session.c.id == family.c.session)
        .where(web_session.c.ended_at > now - longest_token - skew)
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
        *_taken(connection, now - REMEMBER_ENDS),
    )


def _taken(
    connection: Connection, since: datetime
) -> tuple[Mapping[str, frozenset[str]], Mapping[str, Mapping[str, int]]]:
    """By client, what its tokens may still name although its registration does not, and what it names again."""
    gone: dict[str, set[str]] = defaultdict(set)
    back: dict[str, dict[str, int]] = defaultdict(dict)
    for row in connection.execute(select(taken_right).where(taken_right.c.taken_at > since)):
        if _OF_A_RESOURCE in row.name or row.name.startswith(MAY_ACT):  # nothing for the exchange
            continue
        if row.given_back:
            back[row.client_id][row.name] = row.registration
        else:
            gone[row.client_id].add(row.name)
    return {client_id: frozenset(names) for client_id, names in gone.items()}, dict(back)


def _ended_mandates(connection: Connection, now: datetime) -> frozenset[str]:
    since = now - REMEMBER_ENDS
    own = (reference_of(*each) for each in representations.ended_since(connection, since, now))
    over = [*appointments.ended_since(connection, since), *appointments.made_by_disabled(connection, now)]
    return frozenset({*own, *map(reference_of_agency, over)})
