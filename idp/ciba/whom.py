"""Whom a client means (CIBA Core 1.0 §7.1): a name, given as such or found by an ID token of the client's own.

Whether anybody has the name is looked at later (`idp.ciba.clerk`): here it makes no difference to a single statement.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.errors import InvalidRequestError, UnknownUserIdError
from idp.model.client import Client
from idp.model.naming import canonical_username
from idp.store import backchannel_requests, people
from idp.tokens.hints import IdTokenHints
from idp.tokens.pairwise import Pairwise
from kernel.database import Database
from kernel.envelope import hmac_sha256


@dataclass(frozen=True, slots=True)
class Meant:
    """A name, whoever has it; ``mark`` counts requests about it."""

    name: str = field(repr=False)
    mark: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Whom:
    """Reads hints. ``key`` makes marks: a table of names somebody asked for is none to keep."""

    database: Database
    hints: IdTokenHints
    pairwise: Pairwise
    key: bytes = field(repr=False)

    def by_name(self, client: Client, name: str) -> Meant:
        """By user name, in any of its spellings. Raises UnknownUserIdError, to clients that may know (§13, §14)."""
        return self._meant(client, canonical_username(name))

    def by_id_token(self, client: Client, text: str) -> Meant:
        """By an ID token of this very client's, for as long as its session is remembered.

        Raises InvalidRequestError, UnknownUserIdError: the latter tells nothing of the account, disabled or not.
        """
        claims = self.hints.read(text)
        if claims["aud"] != client.id:
            raise InvalidRequestError("id_token_hint was issued to another client.")
        with self.database.read() as connection:
            known = backchannel_requests.known_by(connection, client.id, str(claims.get("sid")))
            person = None if known is None else people.find(connection, known)
        if person is None or self.pairwise.subject(person.id, client.organisation) != claims.get("sub"):
            raise UnknownUserIdError("The session of the ID token is not remembered any more.")
        return self._meant(client, person.username)

    def _meant(self, client: Client, name: str) -> Meant:
        if client.told_of_unknown_people:
            with self.database.read() as connection:
                found = people.by_username(connection, name)
            if found is None or found[0].disabled:
                raise UnknownUserIdError("Nobody here is known by that name.")
        return Meant(name, hmac_sha256(self.key, f"name\0{name}".encode()))
