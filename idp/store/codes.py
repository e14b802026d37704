"""Authorization codes: redeemed by one conditional statement, in the transaction that stores what is minted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, bindparam, insert, select, update

from idp.model.person import Person
from idp.model.session import Code
from idp.store import families, people
from idp.store.people import SealedSecrets
from idp.store.tables import code, family, person
from kernel.database import Instant, Prepared

_PRESENTED = (code.c.hash == bindparam("presented"), code.c.client_id == bindparam("client"))
_FIND = Prepared(
    families.columns()
    .add_columns(code.c.redirect_uri, code.c.code_challenge, code.c.nonce, code.c.expires_at.label("code_expires_at"))
    .add_columns(*people.columns())
    .join_from(family, code, code.c.family == family.c.id)
    .join(person, person.c.id == family.c.person)
    .where(*_PRESENTED)
)


@dataclass(frozen=True, slots=True)
class Redemption:
    """A code that a client wants to redeem now, which is ``at``."""

    hash: bytes = field(repr=False)
    client_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A code, whose it is, and what is sealed of them, in one look at the database."""

    code: Code
    person: Person
    sealed: SealedSecrets


def add(connection: Connection, added: Code) -> None:
    """Keep a code with the family it stands for."""
    families.add(connection, added.family)
    connection.execute(
        insert(code).values(
            hash=added.hash,
            client_id=added.family.client_id,
            family=added.family.id,
            redirect_uri=added.redirect_uri,
            code_challenge=added.code_challenge,
            nonce=added.nonce,
            expires_at=added.expires_at,
        )
    )


def find(connection: Connection, code_hash: bytes, client_id: str) -> FoundCode | None:
    """What a code of this client stands for, redeemable or not; another client's is unknown (T2)."""
    row = _FIND.first(connection, presented=code_hash, client=client_id)
    if row is None:
        return None
    allowed = families.from_row(row)
    found = Code(code_hash, allowed, row.redirect_uri, row.code_challenge, row.nonce, row.code_expires_at)
    return FoundCode(found, people.from_row(row), people.sealed_subject(row))


def redeem(connection: Connection, wanted: Sequence[Redemption]) -> bool:
    """Whether every one of these was redeemed: this statement is the decision, whatever was read before it (T1).

    Each code is redeemed by exactly one caller, ever, and one that two of these ask for by neither. When this is False
    some may have been marked as used, so the transaction must go back.
    """
    padded = [*wanted, *[wanted[-1]] * (_statement_size(len(wanted)) - len(wanted))]
    presented = {_presented(number): each.hash for number, each in enumerate(padded)}
    redeemed = _redeeming(len(padded)).all(connection, now=max(each.at for each in wanted), **presented)
    return sorted((bytes(row.hash), row.client_id) for row in redeemed) == sorted(
        (each.hash, each.client_id) for each in wanted
    )


def _statement_size(wanted: int) -> int:
    """The next power of two: a dozen statements are prepared, and not one for each number of codes."""
    return 1 << (wanted - 1).bit_length()


def _presented(number: int) -> str:
    return f"presented_{number}"


@cache
def _redeeming(count: int) -> Prepared:
    now = bindparam("now", type_=Instant)
    return Prepared(
        update(code)
        .where(
            code.c.hash.in_([bindparam(_presented(number)) for number in range(count)]),
            code.c.used_at.is_(None),
            code.c.expires_at > now,
            families.alive(code.c.family, now),
        )
        .values(used_at=now)
        .returning(code.c.hash, code.c.client_id)
    )


def spoil(connection: Connection, code_hash: bytes, client_id: str, now: datetime) -> bool:
    """Use a code up without giving anything for it: after a check failed, nobody may try again."""
    statement = (
        update(code)
        .where(code.c.hash == code_hash, code.c.client_id == client_id, code.c.used_at.is_(None))
        .values(used_at=now)
    )
    return connection.execute(statement).rowcount == 1


def was_used(connection: Connection, code_hash: bytes, client_id: str) -> bool:
    """Whether this client's code was redeemed or spoiled before."""
    statement = select(code.c.used_at).where(code.c.hash == code_hash, code.c.client_id == client_id)
    return connection.execute(statement).scalar_one_or_none() is not None
