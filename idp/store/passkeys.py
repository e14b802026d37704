"""Passkeys, and the challenges they answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from idp.model.passkey import Passkey
from idp.store.tables import passkey, passkey_challenge


def add(connection: Connection, added: Passkey) -> None:
    """Keep a passkey. Raises IntegrityError for a credential that is somebody's already."""
    connection.execute(
        insert(passkey).values(
            id=added.id,
            person=added.person,
            credential_id=added.credential_id,
            public_key=added.public_key,
            sign_count=added.sign_count,
            transports=" ".join(added.transports),
            bound=int(added.bound),
            backed_up=int(added.backed_up),
            name=added.name,
            created_at=added.created_at,
        )
    )


def by_credential(connection: Connection, credential_id: bytes) -> Passkey | None:
    """The passkey with a credential identifier."""
    row = connection.execute(select(passkey).where(passkey.c.credential_id == credential_id)).one_or_none()
    return None if row is None else _passkey(row)


def of_person(connection: Connection, person_id: str) -> list[Passkey]:
    """A person's passkeys, oldest first."""
    statement = select(passkey).where(passkey.c.person == person_id).order_by(passkey.c.created_at, passkey.c.id)
    return [_passkey(row) for row in connection.execute(statement).all()]


def used(connection: Connection, passkey_id: str, sign_count: int, backed_up: bool, now: datetime) -> bool:
    """Note a use; False when the counter did not move on (WebAuthn Level 3 §7.2 step 22) or the passkey is gone.

    Authenticators without a counter always say 0.
    """
    moved_on = (passkey.c.sign_count < sign_count) | ((passkey.c.sign_count == 0) & (sign_count == 0))
    statement = update(passkey).where(passkey.c.id == passkey_id, moved_on)
    values = {"sign_count": sign_count, "backed_up": int(backed_up), "last_used_at": now}
    return connection.execute(statement.values(**values)).rowcount == 1


def rename(connection: Connection, person_id: str, passkey_id: str, name: str) -> bool:
    """Give this person's passkey another name."""
    statement = update(passkey).where(passkey.c.id == passkey_id, passkey.c.person == person_id)
    return connection.execute(statement.values(name=name)).rowcount == 1


def remove(connection: Connection, person_id: str, passkey_id: str) -> bool:
    """Forget this person's passkey."""
    statement = delete(passkey).where(passkey.c.id == passkey_id, passkey.c.person == person_id)
    return connection.execute(statement).rowcount == 1


def remove_all(connection: Connection, person_id: str) -> None:
    """Forget every passkey of this person."""
    connection.execute(delete(passkey).where(passkey.c.person == person_id))


def challenge(
    connection: Connection, digest: bytes, purpose: str, browser: bytes, person_id: str | None, expires_at: datetime
) -> None:
    """Remember that a browser was challenged."""
    values = {"hash": digest, "purpose": purpose, "browser": browser, "person": person_id, "expires_at": expires_at}
    connection.execute(insert(passkey_challenge).values(**values))


def spend_challenge(
    connection: Connection, digest: bytes, purpose: str, browser: bytes, person_id: str | None, now: datetime
) -> bool:
    """Accept a challenge once: False when it was answered before, is too old, or was another browser's or person's."""
    row = passkey_challenge.c
    whose = row.person.is_(None) if person_id is None else row.person == person_id
    statement = delete(passkey_challenge).where(
        row.hash == digest, row.purpose == purpose, row.browser == browser, whose, row.expires_at > now
    )
    return connection.execute(statement).rowcount == 1


def _passkey(row: Row[tuple[object, ...]]) -> Passkey:
    return Passkey(
        id=row.id,
        person=row.person,
        credential_id=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        transports=tuple(row.transports.split()),
        bound=bool(row.bound),
        backed_up=bool(row.backed_up),
        name=row.name,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
