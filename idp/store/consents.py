"""What people agreed to and were told, client by client. Only consent to plain scopes is ever remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, Select, insert, not_, select, update
from sqlalchemy.sql.elements import ColumnElement

from idp.model import scopes
from idp.model.consent import Answer, Consent, Newest, Terms
from idp.store.tables import consent
from kernel.canonical import decode, encode

MOST_SHOWN = 200
"""Of what is over or was told, for one page."""
FOREVER = datetime.max.replace(tzinfo=UTC)


def given(connection: Connection, person_id: str, client_id: str, now: datetime) -> frozenset[str]:
    """The scopes this person allows this client without being asked again."""
    statement = select(consent.c.scope).where(_of(person_id, client_id), _holding(now))
    return frozenset(scope for text in connection.execute(statement).scalars() for scope in scopes.stored(text))


def still_given(connection: Connection, person_id: str, client_id: str, now: datetime) -> Mapping[str, datetime]:
    """As ``given``, at the moment of deciding, and until when: FOREVER where it holds until it is withdrawn.

    A withdrawal under way and this transaction wait for each other.
    """
    holding = select(consent.c.scope, consent.c.until).where(_of(person_id, client_id), _holding(now))
    ends: dict[str, datetime] = {}
    for row in connection.execute(holding.with_for_update()):
        for scope in scopes.stored(row.scope):
            ends[scope] = max(ends.get(scope, now), row.until or FOREVER)
    return ends


def keep(connection: Connection, added: Iterable[Consent], now: datetime) -> None:
    """Keep answers. A new consent to scopes takes the place of an older one to the same, with the newer term."""
    for each in added:
        if each.scope:
            _give_way(connection, each, now)
        connection.execute(
            insert(consent).values(
                id=each.id,
                person=each.person,
                client_id=each.client_id,
                answer=each.answer.value,
                scope=scopes.text(each.scope),
                terms=encode(each.terms.to_json()).decode(),
                given_at=each.given_at,
                until=each.until,
            )
        )


def withdraw(connection: Connection, person_id: str, client_id: str, now: datetime) -> int:
    """Withdraw every consent this client holds; how many there were. Notices stay as they are."""
    statement = (
        update(consent)
        .where(_of(person_id, client_id), _holding(now), consent.c.answer == Answer.CONSENT.value)
        .values(withdrawn_at=now, until=now)
    )
    return connection.execute(statement).rowcount


def in_force(connection: Connection, person_id: str, now: datetime) -> tuple[Consent, ...]:
    """Every consent of a person that holds, newest first: however many there are, each can be withdrawn."""
    statement = _answered(person_id, Answer.CONSENT).where(_holding(now))
    rows = connection.execute(statement.order_by(consent.c.given_at.desc(), consent.c.id))
    return tuple(_consent(row) for row in rows)


def past(connection: Connection, person_id: str, now: datetime) -> Newest:
    """The consents that ended last: what was withdrawn a moment ago comes first, however old it was."""
    statement = _answered(person_id, Answer.CONSENT).where(not_(_holding(now)))
    return _newest(connection, statement.order_by(consent.c.until.desc(), consent.c.id))


def notices(connection: Connection, person_id: str) -> Newest:
    """What a person was told last."""
    statement = _answered(person_id, Answer.NOTICE)
    return _newest(connection, statement.order_by(consent.c.given_at.desc(), consent.c.id))


def _of(person_id: str, client_id: str) -> ColumnElement[bool]:
    return (consent.c.person == person_id) & (consent.c.client_id == client_id)


def _answered(person_id: str, answer: Answer) -> Select[tuple[object, ...]]:
    return select(consent).where(consent.c.person == person_id, consent.c.answer == answer.value)


def _newest(connection: Connection, ordered: Select[tuple[object, ...]]) -> Newest:
    found = [_consent(row) for row in connection.execute(ordered.limit(MOST_SHOWN + 1))]
    return Newest(tuple(found[:MOST_SHOWN]), older=len(found) > MOST_SHOWN)


def _holding(now: datetime) -> ColumnElement[bool]:
    return consent.c.withdrawn_at.is_(None) & (consent.c.until.is_(None) | (consent.c.until > now))


def _give_way(connection: Connection, newer: Consent, now: datetime) -> None:
    statement = select(consent.c.id, consent.c.scope).where(_of(newer.person, newer.client_id), _holding(now))
    older = connection.execute(statement).all()
    replaced = [row.id for row in older if row.scope and set(scopes.stored(row.scope)) <= set(newer.scope)]
    if replaced:
        connection.execute(update(consent).where(consent.c.id.in_(replaced)).values(until=now))


def _consent(row: Row[tuple[object, ...]]) -> Consent:
    return Consent(
        id=row.id,
        person=row.person,
        client_id=row.client_id,
        answer=Answer(row.answer),
        scope=scopes.stored(row.scope),
        terms=Terms.from_json(decode(row.terms)),
        given_at=row.given_at,
        until=row.until,
        withdrawn_at=row.withdrawn_at,
    )
