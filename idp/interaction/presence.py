"""Who is signed in in a browser."""

from __future__ import annotations

from dataclasses import dataclass, replace

from idp.authentication.accounts import Accounts
from idp.authentication.sessions import Sessions
from idp.interaction import cookies
from idp.interaction.cookies import Cookies
from idp.interaction.steps import SignedInPerson
from idp.model.client import Client
from idp.model.person import Account, Person, PersonKind
from idp.model.session import Session
from idp.store import consents
from idp.tokens.pairwise import Pairwise
from kernel.clock import Clock
from kernel.database import Database
from kernel.envelope import CannotOpen
from kernel.identifiers.subject import SubjectRef
from kernel.logging import logger
from kernel.web.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Presence:
    """Finds the session and the person behind a request."""

    database: Database
    accounts: Accounts
    sessions: Sessions
    cookies: Cookies
    pairwise: Pairwise
    clock: Clock
    staff_need_passkeys: bool

    def signed_in(self, request: HttpRequest) -> tuple[Account, Session] | None:
        """Whose live session the browser has, and the session as what it showed counts now (ADR 0101).

        What the account has no longer, counts for nothing, wherever a sign-in's strength or age is judged.
        """
        session = self.sessions.current(self.cookies.read(request, cookies.SESSION))
        person = None if session is None else self.accounts.active(session.person)
        if session is None or person is None:
            return None
        standing = session.authentication.standing(person.authenticators)
        return None if standing is None else (person, replace(session, authentication=standing))

    def known(self, request: HttpRequest) -> tuple[Account, Session, SubjectRef | None] | None:
        """As ``signed_in``, and by which identifier exchange and ledger know the person.

        Where their seal does not open nothing can be recorded about them, so nobody is here: others can sign in.
        """
        found = self.signed_in(request)
        if found is None:
            return None
        try:
            return *found, self.accounts.reference(found[0].id)
        except CannotOpen:
            logger("idp").error("session_of_somebody_whose_seal_does_not_open")
            return None

    def session(self, request: HttpRequest) -> Session | None:
        """The live session of the browser, as ``signed_in`` gives it."""
        found = self.signed_in(request)
        return None if found is None else found[1]

    def unended(self, request: HttpRequest) -> Session | None:
        """The browser's session until it has ended, be it too long unused to count as signed in."""
        return self.sessions.unended(self.cookies.read(request, cookies.SESSION))

    def owes_passkey(self, person: Person) -> bool:
        """Whether a sign-in of this person needs a phishing-resistant factor."""
        return self.staff_need_passkeys and person.kind is PersonKind.STAFF

    def of(self, request: HttpRequest, client: Client) -> SignedInPerson | None:
        """The person of the browser's session, and what they allowed this client before."""
        found = self.known(request)
        if found is None:
            return None
        person, session, reference = found
        with self.database.read() as connection:
            remembered = consents.given(connection, person.id, client.id, self.clock.now())
        sub = self.pairwise.subject(person.id, client.organisation)
        return SignedInPerson(person, session, remembered, sub, reference, self.owes_passkey(person))
