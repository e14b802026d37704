"""Accounts, and what their sign-in is checked against."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Label, Select, bindparam, exists, false, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from idp.model.assurance import Factor
from idp.model.person import Account, Credentials, Person, PersonKind
from idp.store import offices
from idp.store.tables import contact_channel, credential, passkey, person, recovery_code
from kernel.database import Prepared


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """What of a person is kept under encryption, its wrapped key, and the blind index that finds it again."""

    data_key: bytes = field(repr=False)
    subject: bytes | None = field(default=None, repr=False)
    subject_index: bytes | None = field(default=None, repr=False)
    totp: bytes | None = field(default=None, repr=False)


def add(
    connection: Connection,
    added: Person,
    password_hash: str,
    sealed: SealedSecrets,
    now: datetime,
    *,
    stands_alone: bool,
) -> None:
    """Make an account. ``stands_alone``: the password is long enough to be its only factor.

    Raises IntegrityError for a name or number already taken, or an unknown department.
    """
    connection.execute(
        insert(person).values(
            id=added.id,
            username=added.username,
            name=added.name,
            kind=added.kind.value,
            assurance=added.assurance,
            data_key=sealed.data_key,
            subject_sealed=sealed.subject,
            subject_index=sealed.subject_index,
            organisation=added.organisation,
            roles=" ".join(added.roles),
            created_at=now,
            disabled_everywhere=False,
        )
    )
    offices.note(connection, added.roles)
    connection.execute(
        insert(credential).values(
            person=added.id,
            password_hash=password_hash,
            stands_alone=stands_alone,
            totp_sealed=sealed.totp,
            totp_counter=0,
        )
    )


def find(connection: Connection, person_id: str) -> Account | None:
    """The account with an identifier."""
    row = _ONE.first(connection, wanted=person_id)
    return None if row is None else _account(row)


def columns() -> tuple[ColumnElement[Any], ...]:
    """What `from_row` and `sealed_subject` read: for those who look up a person together with what is theirs."""
    return tuple(person.c)


def from_row(row: Any) -> Person:
    """The person in a row of `columns`: without their authenticators, which only a sign-in asks for."""
    return Person(**_about(row))


def sealed_subject(row: Any) -> SealedSecrets:
    """What is sealed of the person in a row of `columns`, as far as tokens need it."""
    return SealedSecrets(row.data_key, row.subject_sealed, row.subject_index)


def by_username(connection: Connection, username: str) -> tuple[Account, Credentials] | None:
    """The account of a user name, with what its password is checked against."""
    row = connection.execute(_accounts().where(person.c.username == username)).one_or_none()
    return None if row is None else (_account(row), Credentials(row.id, row.password_hash, row.user_code_hash))


def taken(connection: Connection, username: str, subject_index: bytes | None) -> bool:
    """Whether an account has this user name or this number already."""
    clash = person.c.username == username
    if subject_index is not None:
        clash |= person.c.subject_index == subject_index
    return connection.execute(select(person.c.id).where(clash).limit(1)).first() is not None


def sealed(connection: Connection, person_id: str) -> SealedSecrets:
    """What is sealed of a person; the account must exist."""
    return _sealed(connection.execute(_SEALED, {"wanted": person_id}).one())


def _sealed(row: Any) -> SealedSecrets:
    return SealedSecrets(row.data_key, row.subject_sealed, row.subject_index, row.totp_sealed)


def data_key(connection: Connection, person_id: str) -> bytes:
    """The wrapped data key of a person; the account must exist."""
    return bytes(connection.execute(select(person.c.data_key).where(person.c.id == person_id)).scalar_one())


def holder(connection: Connection, subject_index: bytes) -> str | None:
    """Whose account holds a number, found by its blind index."""
    statement = select(person.c.id).where(person.c.subject_index == subject_index)
    return connection.execute(statement).scalar_one_or_none()


def identify(connection: Connection, person_id: str, name: str, sealed: bytes, subject_index: bytes) -> None:
    """Give an account the name and the number that were proven. Raises IntegrityError for a number already held."""
    statement = update(person).where(person.c.id == person_id)
    connection.execute(statement.values(name=name, subject_sealed=sealed, subject_index=subject_index))


def spend_totp_counter(connection: Connection, person_id: str, counter: int) -> bool:
    """Accept a one-time code's counter once: False when it, or a later one, was used before (RFC 6238 §5.2)."""
    statement = (
        update(credential)
        .where(credential.c.person == person_id, credential.c.totp_counter < counter)
        .values(totp_counter=counter)
    )
    return connection.execute(statement).rowcount == 1


def disable(connection: Connection, person_id: str, now: datetime, *, everywhere: bool) -> bool:
    """Refuse the account from now on; False when it was refused before, by whoever reaches as far, or is not there."""
    admitted = person.c.disabled_at.is_(None)
    outreached = person.c.disabled_everywhere.is_(False) if everywhere else false()
    statement = update(person).where(person.c.id == person_id, or_(admitted, outreached))
    refused = statement.values(disabled_at=now, last_disabled_at=now, disabled_everywhere=everywhere)
    return connection.execute(refused).rowcount == 1


def enable(connection: Connection, person_id: str, *, everywhere: bool) -> bool:
    """Admit the account again; False when it was not refused, or by an office that reaches farther."""
    statement = update(person).where(person.c.id == person_id, person.c.disabled_at.is_not(None))
    if not everywhere:
        statement = statement.where(person.c.disabled_everywhere.is_(False))
    return connection.execute(statement.values(disabled_at=None, disabled_everywhere=False)).rowcount == 1


def disabled_since(connection: Connection, person_id: str, began_at: datetime) -> bool:
    """Whether an account was refused since then, be it admitted again or not."""
    statement = select(person.c.id).where(person.c.id == person_id, person.c.last_disabled_at >= began_at)
    return connection.execute(statement).first() is not None


def change_roles(connection: Connection, person_id: str, before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Give a member of staff other offices; False when they do not hold exactly those that were seen before."""
    statement = (
        update(person)
        .where(person.c.id == person_id, person.c.roles == " ".join(before), person.c.kind == PersonKind.STAFF.value)
        .values(roles=" ".join(after))
    )
    changed = connection.execute(statement).rowcount == 1
    if changed:
        offices.note(connection, after)
    return changed


def holders(connection: Connection, role: str) -> list[str]:
    """Who holds an office and is not refused."""
    statement = select(person.c.id, person.c.roles).where(
        person.c.kind == PersonKind.STAFF.value, person.c.disabled_at.is_(None)
    )
    return [row.id for row in connection.execute(statement) if role in row.roles.split()]


def change_password(connection: Connection, person_id: str, password_hash: str, *, stands_alone: bool) -> None:
    """Another password from now on. ``stands_alone``: it is long enough to be the only factor."""
    statement = update(credential).where(credential.c.person == person_id)
    connection.execute(statement.values(password_hash=password_hash, stands_alone=stands_alone))


def learn_length(connection: Connection, person_id: str, password_hash: str, *, stands_alone: bool) -> None:
    """Keep what a sign-in shows of a password that was set before its length was kept."""
    theirs = (credential.c.person == person_id) & (credential.c.password_hash == password_hash)
    statement = update(credential).where(theirs, credential.c.stands_alone.is_(None))
    connection.execute(statement.values(stands_alone=stands_alone))


def stands(connection: Connection, person_id: str, password_hash: str | None) -> bool:
    """Whether an account is not disabled and, where one is given, this is its password still."""
    statement = select(person.c.id).where(person.c.id == person_id, person.c.disabled_at.is_(None))
    if password_hash is not None:
        theirs = (credential.c.person == person_id) & (credential.c.password_hash == password_hash)
        statement = statement.where(exists().where(theirs))
    return connection.execute(statement).first() is not None


def choose_user_code(connection: Connection, person_id: str, user_code_hash: str) -> None:
    """What the person tells clerks from now on, hashed."""
    statement = update(credential).where(credential.c.person == person_id)
    connection.execute(statement.values(user_code_hash=user_code_hash))


def remove_user_code(connection: Connection, person_id: str) -> bool:
    """The person tells clerks nothing any more; False when that was so before."""
    statement = update(credential).where(credential.c.person == person_id, credential.c.user_code_hash.is_not(None))
    return connection.execute(statement.values(user_code_hash=None)).rowcount == 1


def _accounts() -> Select[tuple[object, ...]]:
    secrets = (credential.c.password_hash, credential.c.user_code_hash, credential.c.stands_alone)
    return select(*person.c, *secrets, *_authenticators()).join(credential, credential.c.person == person.c.id)


def _authenticators() -> tuple[Label[bool], ...]:
    """One truth value for each factor an account may have besides its password."""
    theirs = passkey.c.person == person.c.id
    codes = (recovery_code.c.person == person.c.id) & recovery_code.c.used_at.is_(None)
    phone = (contact_channel.c.person == person.c.id) & contact_channel.c.codes_since.is_not(None)
    has: dict[Factor, ColumnElement[bool]] = {
        Factor.CODE: credential.c.totp_sealed.is_not(None),
        Factor.PASSKEY: exists().where(theirs, passkey.c.bound == 0),
        Factor.BOUND_KEY: exists().where(theirs, passkey.c.bound == 1),
        Factor.RECOVERY: exists().where(codes),
        Factor.PHONE: exists().where(phone),
    }
    return tuple(condition.label(f"has_{factor.name.lower()}") for factor, condition in has.items())


_HAS = tuple((factor, f"has_{factor.name.lower()}") for factor in Factor)


def _account(row: Any) -> Account:
    has = [factor for factor, column in _HAS if getattr(row, column, False)]
    return Account(
        **_about(row), authenticators=frozenset({Factor.PASSWORD, *has}), password_stands_alone=row.stands_alone
    )


def _about(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "username": row.username,
        "name": row.name,
        "kind": PersonKind(row.kind),
        "assurance": row.assurance,
        "disabled": row.disabled_at is not None,
        "disabled_everywhere": row.disabled_everywhere,
        "organisation": row.organisation,
        "roles": tuple(row.roles.split()),
    }


# Composed once: composing such a statement costs more than running it, and every page of a person passes here.
_ONE = Prepared(_accounts().where(person.c.id == bindparam("wanted")))
_SEALED: Select[tuple[object, ...]] = (
    select(*(person.c.data_key, person.c.subject_sealed, person.c.subject_index, credential.c.totp_sealed))
    .join(credential, credential.c.person == person.c.id)
    .where(person.c.id == bindparam("wanted"))
)
