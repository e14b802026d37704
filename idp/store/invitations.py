"""Invitations, each use of which is one conditional statement, and the clients that came of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Row, delete, insert, select, update

from idp.model import scopes
from idp.model.invitation import Invitation, Managed, Terms
from idp.store.tables import client, client_management, invitation
from kernel.canonical import JSON, decode, encode


def add(connection: Connection, added: Invitation) -> None:
    """Keep an invitation."""
    connection.execute(
        insert(invitation).values(
            id=added.id,
            hash=added.hash,
            uses_left=added.uses_left,
            expires_at=added.expires_at,
            **_columns(added.terms),
        )
    )


def open_ones(connection: Connection, now: datetime) -> list[Invitation]:
    """Every invitation that is still good for something, the next to expire first."""
    statement = (
        select(invitation)
        .where(invitation.c.uses_left > 0, invitation.c.expires_at > now)
        .order_by(invitation.c.expires_at)
    )
    return [_invitation(row) for row in connection.execute(statement)]


def withdraw(connection: Connection, invitation_id: str) -> bool:
    """Let nobody register by an invitation any more; False when there is none."""
    statement = update(invitation).where(invitation.c.id == invitation_id, invitation.c.uses_left > 0)
    return connection.execute(statement.values(uses_left=0)).rowcount == 1


def find(connection: Connection, token_hash: bytes, now: datetime) -> Invitation | None:
    """The invitation of an initial access token, while it is good for something."""
    statement = select(invitation).where(
        invitation.c.hash == token_hash, invitation.c.uses_left > 0, invitation.c.expires_at > now
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else _invitation(row)


def spend(connection: Connection, token_hash: bytes, now: datetime) -> bool:
    """Use an invitation once: as many callers get True as it has uses, whatever was read before."""
    statement = (
        update(invitation)
        .where(invitation.c.hash == token_hash, invitation.c.uses_left > 0, invitation.c.expires_at > now)
        .values(uses_left=invitation.c.uses_left - 1)
        .returning(invitation.c.id)
    )
    return connection.execute(statement).first() is not None


def manage(connection: Connection, managed: Managed) -> None:
    """Let a client manage itself."""
    connection.execute(
        insert(client_management).values(
            client_id=managed.client_id,
            token_hash=managed.token_hash,
            issued_at=managed.issued_at,
            **_columns(managed.terms),
        )
    )


def managed(connection: Connection, client_id: str, token_hash: bytes) -> Managed | None:
    """The client that may be managed with a registration access token; None for any other pair, and when disabled."""
    statement = (
        select(client_management)
        .join(client, client.c.id == client_management.c.client_id)
        .where(
            client_management.c.client_id == client_id,
            client_management.c.token_hash == token_hash,
            client.c.disabled_at.is_(None),
        )
    )
    row = connection.execute(statement).one_or_none()
    return None if row is None else Managed(row.client_id, row.token_hash, _terms(row), row.issued_at)


def follow(connection: Connection, client_id: str, metadata: Mapping[str, JSON]) -> None:
    """Hold a client that manages itself to what the operator has just made of it."""
    mine = client_management.c.client_id == client_id
    row = connection.execute(select(client_management).where(mine).with_for_update()).one_or_none()
    if row is not None:
        connection.execute(update(client_management).where(mine).values(**_columns(_terms(row).after(metadata))))


def replace_token(connection: Connection, before: Managed, token_hash: bytes) -> bool:
    """Put another registration access token in place of the one shown; True for one caller (RFC 7592 §2.2).

    False, too, when the operator has changed the terms since they were read: what was admitted was held to older ones.
    """
    terms = (client_management.c[name] == value for name, value in _columns(before.terms).items())
    statement = (
        update(client_management)
        .where(client_management.c.client_id == before.client_id, client_management.c.token_hash == before.token_hash)
        .where(*terms)
        .values(token_hash=token_hash)
        .returning(client_management.c.client_id)
    )
    return connection.execute(statement).first() is not None


def release(connection: Connection, before: Managed) -> bool:
    """End a client's management of itself; True for one caller."""
    statement = delete(client_management).where(
        client_management.c.client_id == before.client_id, client_management.c.token_hash == before.token_hash
    )
    return connection.execute(statement).rowcount == 1


def _invitation(row: Row[tuple[object, ...]]) -> Invitation:
    return Invitation(row.id, row.hash, _terms(row), row.uses_left, row.expires_at)


def _columns(terms: Terms) -> dict[str, object]:
    return {
        "organisation": terms.organisation,
        "scopes": scopes.text(tuple(sorted(terms.scopes))),
        "grant_types": " ".join(sorted(terms.grant_types)),
        "fixed": encode(dict(terms.fixed)).decode(),
    }


def _terms(row: Row[tuple[object, ...]]) -> Terms:
    fixed = cast("Mapping[str, JSON]", decode(row.fixed))
    return Terms(row.organisation, frozenset(row.scopes.split()), frozenset(row.grant_types.split()), fixed)
