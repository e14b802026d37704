"""Whom a client means (CIBA Core 1.0 §7.1): by user name, or by an ID token it was given."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256

from idp.errors import InvalidRequestError, UnknownUserIdError
from idp.model.client import Client
from idp.model.person import Person
from idp.store import backchannel_requests, people
from idp.tokens.hints import IdTokenHints
from idp.tokens.pairwise import Pairwise
from kernel.database import Database


@dataclass(frozen=True, slots=True)
class Meant:
    """The person, or nobody; ``mark`` counts requests about them alike in both cases."""

    person: Person | None
    mark: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Whom:
    """Reads hints. ``key`` makes marks: a table of names somebody asked for is none to keep."""

    database: Database
    hints: IdTokenHints
    pairwise: Pairwise
    key: bytes = field(repr=False)

    def by_name(self, client: Client, name: str) -> Meant:
        """By user name. A name nobody has is answered like any other, except to clients that may know (§13, §14).

        Raises UnknownUserIdError.
        """
        with self.database.read() as connection:
            found = people.by_username(connection, name)
        person = None if found is None or found[0].disabled else found[0]
        if person is None and client.told_of_unknown_people:
            raise UnknownUserIdError("Nobody here is known by that name.")
        return Meant(person, self._mark(f"name\0{name}" if person is None else f"person\0{person.id}"))

    def by_id_token(self, client: Client, text: str) -> Meant:
        """By an ID token of this very client's; whoever it is about, the client knows already.

        Raises InvalidRequestError, UnknownUserIdError.
        """
        claims = self.hints.read(text)
        if claims["aud"] != client.id:
            raise InvalidRequestError("id_token_hint was issued to another client.")
        with self.database.read() as connection:
            known = backchannel_requests.known_by(connection, client.id, str(claims.get("sid")))
            person = None if known is None else people.find(connection, known)
        if (
            person is None
            or person.disabled
            or self.pairwise.subject(person.id, client.organisation) != claims.get("sub")
        ):
            raise UnknownUserIdError("The person of the ID token cannot be asked any more.")
        return Meant(person, self._mark(f"person\0{person.id}"))

    def _mark(self, text: str) -> bytes:
        return hmac.digest(self.key, text.encode(), sha256)
