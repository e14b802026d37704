"""The way back into an account whose password is lost, which cannot take an account over silently.

Whoever asks is told the same, whatever they typed (`recovery_asking`). The owner is told on every confirmed channel a
moment later (`recovery_clerk`), and nothing else happens for days: a link in every message stops it, and so does
signing in. After the delay a link to the same channels sets a new password, once. Other factors stay, every session
ends, and the level falls to 2 at most until the identity is proven again (NIST SP 800-63B-4 §4.2: with notice). What
strangers guessed at the password that is no more counts no longer, and the browser that set the new one is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication import password_rules, recovery_stop, told
from idp.authentication.devices import KEPT
from idp.authentication.passwords import Passwords
from idp.authentication.throttling import Throttle
from idp.model.proofing import AFTER_RECOVERY, Method, Proofing
from idp.model.recovery import Recovery
from idp.model.secret import hashed
from idp.notices import Notices
from idp.proofing.recovery_asking import RECOVERY
from idp.proofing.recovery_clerk import may_recover
from idp.store import devices, people, proofings, recoveries, sessions
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

_LONGEST_SECRET = 128


class LinkGone(Exception):
    """The link was used, stopped, has lapsed, does not work yet, or never was: nobody is told which."""


@dataclass(frozen=True, slots=True)
class Recoveries:
    """Stopped, or finished, by the links that were sent. Raises HashingBusy, LedgerUnavailable."""

    database: Database
    ledger: Ledger
    notices: Notices
    passwords: Passwords
    throttle: Throttle
    clock: Clock
    entropy: Entropy

    def find(self, secret: str) -> Recovery:
        """The recovery whose link works now. Raises LinkGone."""
        with self.database.read() as connection:
            return _known(recoveries.by_link(connection, _hashed(secret), self.clock.now()))

    def find_to_stop(self, secret: str) -> Recovery:
        """The recovery that a link can stop. Raises LinkGone."""
        with self.database.read() as connection:
            return _known(recoveries.by_stop(connection, _hashed(secret), self.clock.now()))

    def stop(self, secret: str) -> None:
        """Stop it. Raises LinkGone."""
        found, now = self.find_to_stop(secret), self.clock.now()

        def also(connection: Connection, _receipts: object) -> None:
            if not recovery_stop.stop(connection, self.notices, found.person, now):
                raise LinkGone

        facts: dict[str, JSON] = {"recovery": found.id, "person": found.person, "command": RECOVERY}
        self.ledger.append([Event("RecoveryStopped", self._id(), facts=facts)], also=also)

    def finish(self, secret: str, password: str, device: str) -> None:
        """Set a new password; ``device`` is the cookie of the browser in front. Raises LinkGone, PasswordUnusable."""
        found, now = self.find(secret), self.clock.now()
        with self.database.read() as connection:
            person = people.find(connection, found.person)
            known = None if person is None else people.by_username(connection, person.username)
        if person is None or not may_recover(person):
            raise LinkGone
        password_rules.check(password, person.username, person.name, alone=len(person.authenticators) == 1)
        user_code_hash = None if known is None else known[1].user_code_hash
        password_rules.check_beside_user_code(self.passwords, password, user_code_hash)
        password_hash = self.passwords.hash(password)
        proof = Proofing(
            new_id("prf", self.clock, self.entropy),
            person.id,
            min(person.assurance, AFTER_RECOVERY),
            Method.RECOVERY,
            now,
        )

        def also(connection: Connection, _receipts: object) -> None:
            # Consume, then mint: the link is used up in the transaction that changes the password.
            if not recoveries.use(connection, found.link_hash, now):
                raise LinkGone
            people.change_password(connection, person.id, password_hash)
            proofings.end_above(connection, person.id, AFTER_RECOVERY, now)
            proofings.add(connection, proof)
            devices.forget_others(connection, person.id, hashed(""))
            devices.meet(connection, hashed(device), person.id, now, now + KEPT)
            self.throttle.forget(connection, person.username)
            sessions.end_of_person(connection, person.id, now)
            self.notices.send(connection, person.id, told.RECOVERED)

        facts: dict[str, JSON] = {
            "recovery": found.id,
            "person": person.id,
            "level": proof.level,
            "actor": person.id,
            "command": RECOVERY,
        }
        # An entry of its own for every try: the ledger takes a second one of the same name for a repetition.
        self.ledger.append([Event("AccountRecovered", self._id(), facts=facts)], also=also)

    def _id(self) -> str:
        return new_id("rcv", self.clock, self.entropy)


def _known(found: Recovery | None) -> Recovery:
    if found is None:
        raise LinkGone
    return found


def _hashed(secret: str) -> bytes:
    return hashed(secret[: _LONGEST_SECRET + 1])
