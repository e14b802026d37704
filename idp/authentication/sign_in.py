"""The two steps of signing in: a password, and where more is asked, a one-time code. Both throttled, both recorded."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from idp.authentication import totp
from idp.authentication.accounts import Accounts
from idp.authentication.passwords import Passwords
from idp.authentication.sessions import Sessions
from idp.authentication.throttling import Throttle
from idp.model.assurance import Factor
from idp.model.person import Person
from idp.model.session import Session
from idp.store import people
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

LONGEST_USERNAME = 100
_CODE_TRIES = "code of "


class NotSignedIn(Exception):
    """The name, the password or the code is wrong: which one is told to nobody."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Signs people in. Raises NotSignedIn, TooManyTries, HashingBusy, SessionEnded."""

    database: Database
    ledger: Ledger
    accounts: Accounts
    passwords: Passwords
    throttle: Throttle
    sessions: Sessions
    clock: Clock
    entropy: Entropy

    def with_password(self, username: str, password: str, address: str, before: Session | None) -> str:
        """The cookie of a session begun with a password. The same work is done for a name that nobody has."""
        name = canonical_username(username)
        failures = self.throttle.reserve(name, address)
        with self.database.read() as connection:
            found = people.by_username(connection, name)
        matched = self.passwords.verify(password, found[1].password_hash if found else None)
        if found is None or not matched or found[0].disabled:
            self._failed(found[0] if found else None, "password", failures)
            raise NotSignedIn
        self.throttle.succeeded(name, address)
        person = found[0]
        return self.sessions.signed_in(person, Factor.PASSWORD, self.accounts.reference(person.id), before)

    def with_code(self, session: Session, code: str, address: str) -> str:
        """The cookie of the same session, now proven by a one-time code as well."""
        account = _CODE_TRIES + session.person
        failures = self.throttle.reserve(account, address)
        if not self._spend_code(session.person, code):
            self._failed(self.accounts.active(session.person), "code", failures)
            raise NotSignedIn
        self.throttle.succeeded(account, address)
        return self.sessions.stepped_up(session, Factor.CODE, self.accounts.reference(session.person))

    def _spend_code(self, person_id: str, code: str) -> bool:
        secret = self.accounts.totp_secret(person_id)
        counter = None if secret is None else totp.matching_counter(secret, code, self.clock.now())
        if counter is None:
            return False
        return self.database.write(lambda connection: people.spend_totp_counter(connection, person_id, counter))

    def _failed(self, person: Person | None, step: str, failures: int) -> None:
        """Record failures of a real account at the third in a row and at every tenth: nobody can flood the ledger."""
        if person is None or not (failures == 3 or failures % 10 == 0):
            return
        facts: dict[str, JSON] = {"step": step, "failures": failures}
        reference = self.accounts.reference(person.id)
        self.ledger.append(
            [Event("SignInFailed", new_id("sin", self.clock, self.entropy), facts=facts, subject=reference)]
        )


def canonical_username(username: str) -> str:
    """One spelling per user name: NFKC, lower case, without blanks around it; what is too long is nobody's."""
    return unicodedata.normalize("NFKC", username[: LONGEST_USERNAME + 1]).strip().casefold()
