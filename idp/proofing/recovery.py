"""The way back into an account whose password is lost, which cannot take an account over silently.

Whoever asks is told the same, whatever they typed. The owner is told at once on every confirmed channel, and nothing
else happens for days: a link in every message stops it, and so does signing in. After the delay a link to the same
channels sets a new password, once. Other factors stay, every session ends, and the level falls to 2 at most until the
identity is proven again (NIST SP 800-63B-4 §4.2: recovery with notice).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from idp.authentication import password_rules, recovery_stop, told
from idp.authentication.passwords import Passwords
from idp.authentication.sign_in import canonical_username
from idp.authentication.throttling import Throttle
from idp.model.person import Person, PersonKind
from idp.model.proofing import AFTER_RECOVERY, Method, Proofing
from idp.model.recovery import Recovery
from idp.model.secret import hashed
from idp.notices import Notices
from idp.store import devices, people, proofings, recoveries, sessions
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

LINK_LASTS = timedelta(hours=24)
_LONGEST_SECRET = 128
RECOVER = "/recover"
RECOVERY = "recovery"
"""The command in the entries; who asks, or stops it by a link, is not known, so only its end names an actor."""


class LinkGone(Exception):
    """The link was used, stopped, has lapsed, does not work yet, or never was: nobody is told which."""


@dataclass(frozen=True, slots=True)
class Recoveries:
    """Raises TooManyTries, HashingBusy, LedgerUnavailable."""

    database: Database
    ledger: Ledger
    notices: Notices
    passwords: Passwords
    throttle: Throttle
    issuer: str
    delay: timedelta
    clock: Clock
    entropy: Entropy

    def ask(self, username: str, address: str) -> None:
        """Begin, where there is somebody to tell. The caller learns nothing of it: an entry is written either way."""
        name, now = canonical_username(username), self.clock.now()
        self.throttle.reserve(f"recovery of {name}", address)
        # The work of a password's hash in every answer: telling somebody takes milliseconds, which it covers, and the
        # throttle leaves nobody the many tries it would take to find them in it. `make bench BENCH_ARGS=--sign-in`
        self.passwords.hash(token(self.entropy))
        with self.database.read() as connection:
            found = people.by_username(connection, name)
        person = found[0] if found is not None and _may(found[0]) else None
        link, stop, due = token(self.entropy), token(self.entropy), now + self.delay
        made = Recovery(
            self._id(),
            person.id if person else "",
            hashed(stop),
            hashed(link),
            due,
            due + LINK_LASTS,
        )

        def also(connection: Connection, _receipts: object) -> None:
            if person is not None and not recoveries.under_way(connection, person.id, now):
                self._begin(connection, made, link, stop)

        facts: dict[str, JSON] = {"recovery": made.id, "person": person.id if person else None, "command": RECOVERY}
        self.ledger.append([Event("RecoveryAsked", made.id, facts=facts)], also=also)

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

    def finish(self, secret: str, password: str) -> None:
        """Set a new password. Raises LinkGone, PasswordUnusable."""
        found, now = self.find(secret), self.clock.now()
        with self.database.read() as connection:
            person = people.find(connection, found.person)
        if person is None or not _may(person):
            raise LinkGone
        password_rules.check(password, person.username, person.name, alone=len(person.authenticators) == 1)
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

    def _begin(self, connection: Connection, made: Recovery, link: str, stop: str) -> None:
        """Tell every confirmed channel now, and write the message with the link, to be sent after the delay."""
        channels = self.notices.channels.of(connection, made.person)
        confirmed = [each.contact for each in channels if each.confirmed_at is not None]
        if not confirmed:
            return
        recoveries.add(connection, made)
        stop_link = f"{self.issuer}{RECOVER}/stop/{stop}"
        hours = str(int(self.delay.total_seconds()) // 3600)
        self.notices.send(connection, made.person, told.RECOVERY_BEGUN, hours=hours, stop=stop_link)
        self.notices.send_to(
            connection,
            made.person,
            confirmed,
            told.RECOVERY_LINK,
            LINK_LASTS,
            self.delay,
            link=f"{self.issuer}{RECOVER}/link/{link}",
            stop=stop_link,
        )


def _may(person: Person) -> bool:
    """Staff come back by an invitation of their administrator, never by a message."""
    return person.kind is PersonKind.NATURAL and not person.disabled


def _known(found: Recovery | None) -> Recovery:
    if found is None:
        raise LinkGone
    return found


def _hashed(secret: str) -> bytes:
    return hashed(secret[: _LONGEST_SECRET + 1])
