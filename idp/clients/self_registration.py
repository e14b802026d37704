"""Clients that register and manage themselves (RFC 7591, RFC 7592), each change with its entry in the ledger."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from idp.clients import registered, software_statements
from idp.clients.certificates import TlsOffer
from idp.clients.directory import ClientDirectory
from idp.clients.reach import Reach
from idp.clients.software_statements import SoftwareStatements
from idp.clients.terms import admitted
from idp.errors import InvalidClientMetadataError, InvalidTokenError
from idp.model.client import StoredClient
from idp.model.invitation import Managed, Terms
from idp.model.secret import hashed
from idp.store import clients, invitations
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.outbound import OutboundFailed, OutboundRefused

_CHALLENGE = (("WWW-Authenticate", 'Bearer error="invalid_token"'),)


class InvitationSpent(Exception):
    """The conditional statement did not find a use left, or the registration access token was replaced meanwhile."""


@dataclass(frozen=True, slots=True)
class SelfRegistration:
    """The registration desk.

    ``address`` says where a client manages itself, ``algorithms`` what answers can be signed with, ``tls`` what of
    client certificates is switched on; ``reach`` reads what a registration refers to.
    """

    database: Database
    ledger: Ledger
    directory: ClientDirectory
    address: Callable[[str], str]
    algorithms: Callable[[], tuple[str, ...]]
    tls: TlsOffer
    reach: Reach
    statements: SoftwareStatements
    clock: Clock
    entropy: Entropy

    def register(self, initial_token: str, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
        """A new client of the organisation that the token was made for (RFC 7591 §3).

        Raises InvalidTokenError, InvalidClientMetadataError; a use of the invitation is gone only when a client came
        of it.
        """
        now, presented = self.clock.now(), hashed(initial_token)
        with self.database.read() as connection:
            invitation = invitations.find(connection, presented, now)
        if invitation is None:
            raise refused()
        if "client_id" in metadata or "client_secret" in metadata:
            raise InvalidClientMetadataError("client_id and client_secret are given by the server")
        data = self._admitted(metadata, invitation.terms)
        client, secret = registered.made(new_id("client", self.clock, self.entropy), data, self.entropy)
        own_token = token(self.entropy)
        managed = Managed(client.id, hashed(own_token), invitation.terms, now)

        def change(connection: Connection) -> None:
            if not invitations.spend(connection, presented, now):
                raise InvitationSpent
            clients.add(connection, client, now)
            invitations.manage(connection, managed)

        facts: dict[str, JSON] = {"organisation": client.organisation, "invitation": invitation.id}
        self._record("ClientRegistered", client.id, facts | software_statements.facts(client.metadata), change)
        return self._answer(client, secret, managed, own_token)

    def read(self, client_id: str, own_token: str) -> dict[str, JSON]:
        """The registration as it stands (RFC 7592 §2.1). The token stays: a lost answer must not lock a client out."""
        managed, client = self._open(client_id, own_token)
        return self._answer(client, None, managed, own_token)

    def update(self, client_id: str, own_token: str, metadata: Mapping[str, JSON]) -> dict[str, JSON]:
        """Other metadata in place of the present (RFC 7592 §2.2), and another registration access token."""
        managed, before = self._open(client_id, own_token)
        self._refuse_foreign_credentials(metadata, before)
        own = {name: value for name, value in metadata.items() if name != "client_secret"}
        self._keep_statement(own, before)
        client, secret = registered.made(before.id, self._admitted(own, managed.terms), self.entropy)
        fresh, begins = token(self.entropy), False

        def change(connection: Connection) -> None:
            nonlocal begins
            if not invitations.replace_token(connection, managed, hashed(fresh)):
                raise InvitationSpent
            begins = clients.replace(connection, client, self.clock.now())

        names: list[JSON] = [*_differences(before.metadata, client.metadata)]
        told = {"organisation": client.organisation, "members": names, **software_statements.facts(client.metadata)}
        self._record("ClientUpdated", client.id, told, change)
        return self._answer(client, secret if begins else None, managed, fresh)

    def withdraw(self, client_id: str, own_token: str) -> None:
        """Refuse the client and its tokens from now on (RFC 7592 §2.3)."""
        managed, client = self._open(client_id, own_token)

        def change(connection: Connection) -> None:
            if not invitations.release(connection, managed):
                raise InvitationSpent
            clients.disable(connection, client.id, self.clock.now())

        self._record("ClientWithdrawn", client.id, {"organisation": client.organisation}, change)

    def _open(self, client_id: str, own_token: str) -> tuple[Managed, StoredClient]:
        """RFC 7592 §2: one answer for a wrong token, an unknown client and a withdrawn one."""
        with self.database.read() as connection:
            managed = invitations.managed(connection, client_id, hashed(own_token))
            client = None if managed is None else clients.find(connection, client_id)
        if managed is None or client is None:
            raise refused()
        return managed, client

    def _admitted(self, metadata: Mapping[str, JSON], terms: Terms) -> dict[str, JSON]:
        data = admitted(self.statements.applied(metadata, self.clock.now()), terms)
        if name := registered.unsignable(data, self.algorithms()):
            raise InvalidClientMetadataError(f"{name} is not an algorithm in use here")
        if name := registered.switched_off(data, self.tls):
            raise InvalidClientMetadataError(f"{name} takes client certificates, which are not accepted here")
        self._check_sector(data)
        return data

    def _keep_statement(self, metadata: Mapping[str, JSON], before: StoredClient) -> None:
        """Who was registered by a statement stays under one: the same, or another that is in force."""
        if "software_statement" in before.metadata and "software_statement" not in metadata:
            raise InvalidClientMetadataError("software_statement must be sent again")

    def _check_sector(self, data: Mapping[str, JSON]) -> None:
        """OpenID Connect Registration 1.0 §5: who names a sector is named by it. (Ours is the organisation anyway.)"""
        if "sector_identifier_uri" not in data:
            return
        try:
            listed = self.reach.json(str(data["sector_identifier_uri"]))
        except (OutboundRefused, OutboundFailed):
            raise InvalidClientMetadataError("sector_identifier_uri cannot be read") from None
        own = data.get("redirect_uris")
        if not isinstance(listed, list) or any(uri not in listed for uri in (own if isinstance(own, list) else [])):
            raise InvalidClientMetadataError("sector_identifier_uri does not list every redirect_uri")

    def _refuse_foreign_credentials(self, metadata: Mapping[str, JSON], before: StoredClient) -> None:
        """RFC 7592 §2.2: `client_id` is there and unchanged; a secret may be repeated, never chosen."""
        if metadata.get("client_id") != before.id:
            raise InvalidClientMetadataError("client_id must be the client's own")
        secret = metadata.get("client_secret")
        known = before.secret_hash or b""
        if secret is not None and not hmac.compare_digest(hashed(str(secret)), known):
            raise InvalidClientMetadataError("client_secret must be the client's own")

    def _record(
        self, name: str, client_id: str, facts: Mapping[str, JSON], change: Callable[[Connection], None]
    ) -> None:
        told: dict[str, JSON] = {"client": client_id, "actor": client_id, "command": "own-registration"}
        event = Event(name, new_id("reg", self.clock, self.entropy), facts={**told, **facts})
        try:
            self.ledger.append([event], also=lambda connection, _receipts: change(connection))
        except InvitationSpent:
            raise refused() from None
        self.directory.refresh()

    def _answer(self, client: StoredClient, secret: str | None, managed: Managed, own_token: str) -> dict[str, JSON]:
        """RFC 7591 §3.2.1, RFC 7592 §3."""
        return registered.shown(client, secret) | {
            "client_id_issued_at": int(managed.issued_at.timestamp()),
            "registration_access_token": own_token,
            "registration_client_uri": self.address(client.id),
        }


def refused() -> InvalidTokenError:
    """401 (RFC 6750 §3.1): unknown, used up and expired are told apart by nobody."""
    return InvalidTokenError("The token is not valid here.", headers=_CHALLENGE)


def _differences(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
