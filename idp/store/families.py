"""What people allowed clients, and the tokens that stem from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Select, and_, bindparam, exists, insert, literal, select, update
from sqlalchemy.sql.elements import ColumnElement

from idp.model import evidence, scopes
from idp.model.assurance import Authentication
from idp.model.claims import ClaimsAsked
from idp.model.person import Person
from idp.model.session import Family
from idp.store import people, revocations
from idp.store.tables import client, family, issued_token, person, revoked_token, web_session
from idp.tokens import lifetimes
from kernel.canonical import JSON, decode, encode
from kernel.database import Instant, Prepared
from kernel.database.driver import insert_many
from kernel.database.instants import micros

_RECORD = "INSERT INTO issued_token (jti, family, expires_at) VALUES (?, ?, ?)"
_BIND = Prepared(
    update(family).where(family.c.id == bindparam("of")).values(dpop_jkt=bindparam("key"), certificate=bindparam("tls"))
)


def add(connection: Connection, added: Family) -> None:
    """Keep what was allowed."""
    connection.execute(
        insert(family).values(
            id=added.id,
            client_id=added.client_id,
            person=added.person,
            session=added.session,
            sid=added.sid,
            scope=scopes.text(added.scope),
            details=encode(evidence.to_json(added.details)).decode(),
            factors=encode(added.authentication.to_json()).decode(),
            level=added.level,
            dpop_jkt=added.dpop_jkt,
            claims=encode(added.claims.to_json()).decode(),
            resource=added.resource,
            representation=added.representation,
            registration=added.registration,
            may_act=" ".join(added.may_act),
            expires_at=added.expires_at,
        )
    )


def alive(family_id: ColumnElement[str], now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """When tokens may still be had: not revoked, consent and session not ended, person not disabled (T6, S2).

    Each is looked up by its key, whatever PostgreSQL believes of the tables' sizes: joined, it would begin with every
    live session while it has no statistics. OFFSET 0 keeps it from joining this with what asks.
    """
    one = family.alias("one")  # whoever asks may select families too
    until = select(web_session.c.expires_at).where(web_session.c.id == one.c.session, web_session.c.ended_at.is_(None))
    enabled = select(person.c.id).where(person.c.id == one.c.person, person.c.disabled_at.is_(None))
    return exists(
        select(one.c.id)
        .where(
            one.c.id == family_id,
            one.c.revoked_at.is_(None),
            one.c.expires_at > now,
            until.scalar_subquery() > now,
            enabled.scalar_subquery().is_not(None),
        )
        .offset(0)
    )


def may_be_exchanged(connection: Connection, jti: str, holder: str, of: Family, now: datetime) -> bool:
    """Whether tokens may still be had of a family for one of its own, which the client ``holder`` was issued.

    Neither is revoked, and neither this client nor the family's disabled. The family is locked, so that a revocation
    comes before or after.
    """
    lock(connection, of.id)
    revoked = exists(select(revoked_token.c.jti).where(revoked_token.c.jti == jti))
    disabled = exists(
        select(client.c.id).where(client.c.id.in_([holder, of.client_id]), client.c.disabled_at.is_not(None))
    )
    found: bool = connection.execute(select(alive(literal(of.id), now) & ~revoked & ~disabled)).scalar_one()
    return found


def lock(connection: Connection, family_id: str) -> None:
    """Make rotations of one family wait for each other (PostgreSQL; on SQLite every writer waits anyway)."""
    connection.execute(select(family.c.id).where(family.c.id == family_id).with_for_update()).one_or_none()


def bind(connection: Connection, family_id: str, dpop_jkt: str | None, certificate: str | None) -> None:
    """Remember what the family's tokens are bound to: a key (RFC 9449 §5), a certificate (RFC 8705 §4)."""
    _BIND.run(connection, of=family_id, key=dpop_jkt, tls=certificate)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token by its name, and the family it stems from."""

    jti: str
    family: str
    expires_at: datetime


def record_tokens(connection: Connection, issued: Sequence[IssuedToken]) -> None:
    """Remember access tokens, so that they can be revoked with their families."""
    insert_many(connection, _RECORD, [(each.jti, each.family, micros(each.expires_at)) for each in issued])


def of_token(connection: Connection, jti: str) -> Family | None:
    """What an access token stems from."""
    row = _OF_TOKEN.first(connection, presented=jti)
    return None if row is None else from_row(row)


def of_token_and_person(connection: Connection, jti: str) -> tuple[Family, Person] | None:
    """What an access token stems from, and whom it is about, in one look at the database."""
    row = _OF_TOKEN_AND_PERSON.first(connection, presented=jti)
    return None if row is None else (from_row(row), people.from_row(row))


def revoke(connection: Connection, family_id: str, now: datetime) -> bool:
    """Revoke a family with its access tokens that still live; False when it was revoked before."""
    return _revoke(connection, family.c.id == family_id, now) == 1


def revoke_client(connection: Connection, person_id: str, client_id: str, now: datetime) -> None:
    """Revoke everything a person allowed a client and now takes back, with the access tokens that still live."""
    theirs = and_(family.c.person == person_id, family.c.client_id == client_id, _is_recent(now))
    _revoke(connection, theirs, now, withdrawn_at=now)


def revoke_representation(connection: Connection, representation_id: str, now: datetime) -> None:
    """Revoke everything allowed while acting by one representation, with the access tokens that still live.

    The exchange is told of the end, tokens or none.
    """
    _revoke(connection, and_(family.c.representation == representation_id, _is_recent(now)), now)


def _revoke(
    connection: Connection, which: ColumnElement[bool], now: datetime, *, withdrawn_at: datetime | None = None
) -> int:
    """How many were not revoked before. As many statements for any number: everybody's entries wait meanwhile.

    ``withdrawn_at``: when their person took back the consent. Who verifies tokens by a clock that is behind takes one
    that has just expired: it is revoked as well.
    """
    statement = update(family).where(which, family.c.revoked_at.is_(None)).values(revoked_at=now)
    changed = connection.execute(statement).rowcount
    issued = issued_token.c
    live = and_(issued.family.in_(select(family.c.id).where(which)), issued.expires_at > now - lifetimes.CLOCK_SKEW)
    revocations.add_every(connection, select(issued.jti, issued.expires_at, literal(withdrawn_at, Instant)).where(live))
    return changed


def _is_recent(now: datetime) -> ColumnElement[bool]:
    """What has ended longer ago has no token that anybody takes."""
    return family.c.expires_at > now - lifetimes.CLOCK_SKEW


def revoke_sessions(connection: Connection, sessions: Select[tuple[str]], now: datetime) -> None:
    """Revoke everything allowed in some sessions. Its access tokens fall with its `sid`s in the revocation feed."""
    connection.execute(
        update(family).where(family.c.session.in_(sessions), family.c.revoked_at.is_(None)).values(revoked_at=now)
    )


def columns() -> Select[tuple[object, ...]]:
    """A select of what `from_row` reads."""
    return select(
        family.c.id.label("family_id"),
        family.c.client_id.label("family_client"),
        family.c.person,
        family.c.session,
        family.c.sid,
        family.c.scope,
        family.c.details,
        family.c.factors,
        family.c.level,
        family.c.dpop_jkt,
        family.c.claims,
        family.c.resource,
        family.c.representation,
        family.c.registration,
        family.c.certificate,
        family.c.may_act,
        family.c.expires_at.label("family_expires_at"),
    )


def from_row(row: Any) -> Family:
    """The family in a row of `columns`."""
    return Family(
        id=row.family_id,
        client_id=row.family_client,
        person=row.person,
        session=row.session,
        sid=row.sid,
        scope=scopes.stored(row.scope),
        authentication=authentication(row.factors),
        level=row.level,
        expires_at=row.family_expires_at,
        dpop_jkt=row.dpop_jkt,
        certificate=row.certificate,
        may_act=tuple((row.may_act or "").split()),
        details=evidence.stored_details(decode(row.details)) if row.details != "[]" else (),
        claims=_claims(row.claims or "{}"),
        resource=row.resource,
        representation=row.representation,
        registration=row.registration,
    )


@lru_cache(maxsize=256)
def _claims(stored: str) -> ClaimsAsked:
    """Most applications ask for the same claims each time."""
    return ClaimsAsked.from_json(decode(stored))


def authentication(stored: str) -> Authentication:
    """What ``Authentication.to_json`` stored in a column."""
    return Authentication.from_json(cast("Mapping[str, JSON]", decode(stored)))


_STEMS_FROM = (
    columns()
    .join(issued_token, issued_token.c.family == family.c.id)
    .where(issued_token.c.jti == bindparam("presented"))
)
_OF_TOKEN = Prepared(_STEMS_FROM)
_OF_TOKEN_AND_PERSON = Prepared(_STEMS_FROM.add_columns(*people.columns()).join(person, person.c.id == family.c.person))
