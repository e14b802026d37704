"""Recovery codes, codes on their way to a telephone, and authenticator apps being set up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from idp.store.tables import credential, person, recovery_code, sent_code, totp_enrolment

MOST_TRIES = 5


def replace_recovery_codes(connection: Connection, person_id: str, hashes: Iterable[bytes], now: datetime) -> None:
    """A whole new set; the old one is worth nothing any more."""
    remove_recovery_codes(connection, person_id)
    rows = [{"hash": each, "person": person_id, "created_at": now} for each in hashes]
    if rows:
        connection.execute(insert(recovery_code), rows)


def remove_recovery_codes(connection: Connection, person_id: str) -> None:
    """Forget the set, used codes and unused ones."""
    connection.execute(delete(recovery_code).where(recovery_code.c.person == person_id))


def has_recovery_code(connection: Connection, person_id: str, digest: bytes) -> bool:
    """Whether a recovery code was not used yet: for whoever spends it a moment later."""
    row = recovery_code.c
    statement = select(row.hash).where(row.hash == digest, row.person == person_id, row.used_at.is_(None))
    return connection.execute(statement).first() is not None


def spend_recovery_code(connection: Connection, person_id: str, digest: bytes, now: datetime) -> bool:
    """Use a recovery code: True once."""
    row = recovery_code.c
    statement = update(recovery_code).where(row.hash == digest, row.person == person_id, row.used_at.is_(None))
    return connection.execute(statement.values(used_at=now)).rowcount == 1


def recovery_codes_left(connection: Connection, person_id: str) -> int:
    """How many codes of the present set were not used yet."""
    row = recovery_code.c
    statement = select(func.count()).where(row.person == person_id, row.used_at.is_(None))
    return int(connection.execute(statement).scalar_one())


def send_code(
    connection: Connection, channel_id: str, person_id: str, digest: bytes, now: datetime, expires_at: datetime
) -> None:
    """Remember the code that goes to a channel; an older one is worth nothing any more."""
    _one_at_a_time(connection, person_id)
    connection.execute(delete(sent_code).where(sent_code.c.channel == channel_id))
    values = {"channel": channel_id, "person": person_id, "hash": digest, "tries": 0}
    connection.execute(insert(sent_code).values(**values, sent_at=now, expires_at=expires_at))


def try_code(connection: Connection, channel_id: str, person_id: str, digest: bytes, now: datetime) -> bool:
    """Count a try, and use the code up when it is the right one. A code is good once, five tries long."""
    row = sent_code.c
    theirs = (row.channel == channel_id) & (row.person == person_id)
    live = theirs & row.used_at.is_(None) & (row.expires_at > now) & (row.tries < MOST_TRIES)
    counted = connection.execute(update(sent_code).where(live).values(tries=row.tries + 1))
    if counted.rowcount != 1:
        return False
    spent = update(sent_code).where(theirs, row.hash == digest, row.used_at.is_(None)).values(used_at=now)
    return connection.execute(spent).rowcount == 1


def begin_totp(connection: Connection, person_id: str, sealed: bytes, expires_at: datetime) -> None:
    """Keep a new app's secret until it is confirmed by a code."""
    _one_at_a_time(connection, person_id)
    abandon_totp(connection, person_id)
    connection.execute(insert(totp_enrolment).values(person=person_id, sealed=sealed, expires_at=expires_at))


def abandon_totp(connection: Connection, person_id: str) -> None:
    """Forget the secret being set up, if any."""
    connection.execute(delete(totp_enrolment).where(totp_enrolment.c.person == person_id))


def _one_at_a_time(connection: Connection, person_id: str) -> None:
    """A button pressed twice: the second request finds what the first wrote (on SQLite every writer waits anyway)."""
    connection.execute(select(person.c.id).where(person.c.id == person_id).with_for_update(key_share=True)).one()


def pending_totp(connection: Connection, person_id: str, now: datetime) -> bytes | None:
    """The sealed secret being set up."""
    row = totp_enrolment.c
    statement = select(row.sealed).where(row.person == person_id, row.expires_at > now)
    return connection.execute(statement).scalar_one_or_none()


def finish_totp(connection: Connection, person_id: str, sealed: bytes, counter: int, now: datetime) -> bool:
    """The app showed the right code: it is the person's from now on. True once."""
    row = totp_enrolment.c
    begun = delete(totp_enrolment).where(row.person == person_id, row.sealed == sealed, row.expires_at > now)
    if connection.execute(begun).rowcount != 1:
        return False
    statement = update(credential).where(credential.c.person == person_id)
    connection.execute(statement.values(totp_sealed=sealed, totp_counter=counter))
    return True


def remove_totp(connection: Connection, person_id: str) -> bool:
    """Forget a person's authenticator app."""
    statement = update(credential).where(credential.c.person == person_id, credential.c.totp_sealed.is_not(None))
    return connection.execute(statement.values(totp_sealed=None)).rowcount == 1
