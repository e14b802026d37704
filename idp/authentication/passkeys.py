"""Passkeys: challenges that are answered once, by the browser that was challenged; enrolment; showing one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from idp.authentication import told, webauthn_ceremonies
from idp.authentication.accounts import Accounts
from idp.authentication.webauthn_ceremonies import SECONDS, Answer, Ceremonies, PasskeyRefused, Registered, Shown
from idp.model.passkey import Passkey
from idp.model.person import Person
from idp.model.secret import hashed
from idp.notices import Notices
from idp.store import passkeys
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.jose import base64url
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

CHALLENGE_BYTES = 32
"""WebAuthn Level 3 §13.4.3 asks for at least 16."""
_CREATE, _GET = "create", "get"


@dataclass(frozen=True, slots=True)
class Passkeys:
    """Passkeys of one provider. ``browser`` is the cookie that tells browsers apart; it is kept hashed."""

    database: Database
    ledger: Ledger
    accounts: Accounts
    notices: Notices
    ceremonies: Ceremonies
    clock: Clock
    entropy: Entropy

    def of_person(self, person_id: str) -> list[Passkey]:
        """A person's passkeys."""
        with self.database.read() as connection:
            return passkeys.of_person(connection, person_id)

    def creation_options(self, person: Person, browser: str) -> JSON:
        """Options for making a passkey."""
        challenge = self._challenge(_CREATE, browser, person.id)
        return self.ceremonies.creation(person, challenge, self.of_person(person.id))

    def request_options(self, browser: str, person_id: str | None) -> JSON:
        """Options for showing a passkey: one of this person's, or whose it is is not asked first."""
        challenge = self._challenge(_GET, browser, person_id)
        return self.ceremonies.request(challenge, [] if person_id is None else self.of_person(person_id))

    def registered(self, text: str, browser: str, person_id: str) -> Registered:
        """The passkey a browser made, checked. The caller keeps it. Raises PasskeyRefused."""
        answer = webauthn_ceremonies.parse(text)
        self._spend(_CREATE, answer, browser, person_id)
        return self.ceremonies.registered(answer)

    def shown(self, text: str, browser: str, person_id: str | None) -> Passkey:
        """The passkey a browser showed, its use noted. Raises PasskeyRefused."""
        answer = webauthn_ceremonies.parse(text)
        self._spend(_GET, answer, browser, person_id)
        if person_id is None and answer.user_handle is None:  # §7.2 step 6
            raise PasskeyRefused("whose it is was neither known nor said")
        with self.database.read() as connection:
            passkey = passkeys.by_credential(connection, answer.credential_id)
        if passkey is None or person_id not in (None, passkey.person):
            raise PasskeyRefused("nobody's passkey here")
        self._note_use(passkey, self.ceremonies.shown(answer, passkey))
        return passkey

    def _note_use(self, passkey: Passkey, shown: Shown) -> None:
        """Raises PasskeyRefused when the counter did not move on, or the passkey was removed while it was checked."""
        now = self.clock.now()

        def use(connection: Connection) -> tuple[bool, bool]:
            moved_on = passkeys.used(connection, passkey.id, shown.sign_count, shown.backed_up, now)
            return moved_on, moved_on or passkeys.by_credential(connection, passkey.credential_id) is not None

        moved_on, there = self.database.write(use)
        if not there:
            raise PasskeyRefused("removed meanwhile")
        if not moved_on:
            self._counter_fell_back(passkey)
            raise PasskeyRefused("the counter did not move on")

    def _challenge(self, purpose: str, browser: str, person_id: str | None) -> bytes:
        challenge, until = self.entropy.bytes(CHALLENGE_BYTES), self.clock.now() + timedelta(seconds=SECONDS)
        digest, own = _digest(challenge), hashed(browser)
        self.database.write(lambda connection: passkeys.challenge(connection, digest, purpose, own, person_id, until))
        return challenge

    def _spend(self, purpose: str, answer: Answer, browser: str, person_id: str | None) -> None:
        digest, own, now = _digest(answer.challenge), hashed(browser), self.clock.now()
        if not self.database.write(
            lambda connection: passkeys.spend_challenge(connection, digest, purpose, own, person_id, now)
        ):
            raise PasskeyRefused("not challenged, or answered before")

    def _counter_fell_back(self, passkey: Passkey) -> None:
        """§7.2 step 22: a sign that the key was copied. Its owner is told, and the refusal is recorded."""
        reference = self.accounts.reference(passkey.person)
        facts: dict[str, JSON] = {"person": passkey.person, "command": "sign-in"}
        event = Event("PasskeyRefused", new_id("sin", self.clock, self.entropy), facts=facts, subject=reference)

        def also(connection: Connection, _receipts: object) -> None:
            self.notices.send(connection, passkey.person, told.PASSKEY_COPIED)

        self.ledger.append([event], also=also)


def _digest(challenge: bytes) -> bytes:
    return hashed(base64url.encode(challenge))
