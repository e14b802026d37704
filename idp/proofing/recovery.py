"""The way back into an account whose password is lost, which cannot take an account over silently.

Whoever asks is told the same, whatever they typed (`recovery_asking`). The owner is told on every confirmed channel a
moment later (`recovery_clerk`), and nothing else happens for days: a link in every message stops it, and so does
signing in. After the delay a link to the same channels sets a new password, once. Every session ends, and the level
falls to 2 at most until the identity is proven again (NIST SP 800-63B-4 §4.2: with notice). What strangers guessed at
the password that is no more counts no longer, and the browser that set the new one is known.

Whoever reads the messages of an account proves no more than that, and every other factor stays. Where two clerks at a
window saw the person and the document, the other factors are removed with the old password (ADR 0099), also of an
account that is disabled, and stays so.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication import other_factors, password_rules, recovery_stop, told
from idp.authentication.accounts import Accounts
from idp.authentication.devices import KEPT
from idp.authentication.other_factors import OtherFactor
from idp.authentication.passwords import Passwords
from idp.authentication.throttling import Throttle
from idp.model.person import Account
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


class FactorsChanged(Exception):
    """The account's other factors are not those any more that were to be removed."""


@dataclass(frozen=True, slots=True)
class Recoveries:
    """Stopped, or finished, by the links that were sent. Raises HashingBusy, LedgerUnavailable."""

    database: Database
    ledger: Ledger
    accounts: Accounts
    notices: Notices
    passwords: Passwords
    throttle: Throttle
    clock: Clock
    entropy: Entropy

    def find(self, secret: str) -> Recovery:
        """The recovery whose link works now. Raises LinkGone."""
        with self.database.read() as connection:
            return _known(recoveries.by_link(connection, _hashed(secret), self.clock.now()))

    def removes(self, found: Recovery) -> tuple[OtherFactor, ...]:
        """What finishing a recovery removes."""
        if not found.at_window:
            return ()
        with self.database.read() as connection:
            return other_factors.standing(connection, found.person)

    def least(self, found: Recovery) -> int:
        """The fewest characters of the password that finishing a recovery sets."""
        return password_rules.least(alone=_alone(found, self._person(found)))

    def stays_disabled(self, found: Recovery) -> bool:
        """Whether nobody signs in after finishing it either, until an administrator enables the account."""
        return self._person(found).disabled

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
        """Set a new password; ``device`` is the fresh name by which the browser in front is known from now on.

        Raises LinkGone, PasswordUnusable, and FactorsChanged when a factor came or went at the same moment.
        """
        found, now = self.find(secret), self.clock.now()
        person = self._person(found)
        password_hash = self._hash(person, password, alone=_alone(found, person))
        proof = Proofing(
            new_id("prf", self.clock, self.entropy),
            person.id,
            min(person.assurance, AFTER_RECOVERY),
            Method.RECOVERY,
            now,
        )
        removed = self.removes(found)

        def also(connection: Connection, _receipts: object) -> None:
            # Asked again, since hashing takes its time: whoever disables an account means a recovery under way as well.
            standing = _recoverable(connection, found)
            # Consume, then mint: the link is used up in the transaction that changes the password.
            if not recoveries.use(connection, found.link_hash, now):
                raise LinkGone
            stands_alone = password_rules.stands_alone(password)
            if _alone(found, standing) and not stands_alone:
                raise FactorsChanged
            people.change_password(connection, person.id, password_hash, stands_alone=stands_alone)
            self._remove(connection, found, removed)
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
        recovered = Event("AccountRecovered", self._id(), facts=facts)
        self.ledger.append([recovered, *self._removals(found, removed)], also=also)

    def _person(self, found: Recovery) -> Account:
        """Whose account comes back. Raises LinkGone."""
        with self.database.read() as connection:
            return _recoverable(connection, found)

    def _hash(self, person: Account, password: str, *, alone: bool) -> str:
        """The hash of a password the account may have. Raises PasswordUnusable, HashingBusy."""
        password_rules.check(password, person.username, person.name, alone=alone)
        with self.database.read() as connection:
            known = people.by_username(connection, person.username)
        user_code_hash = None if known is None else known[1].user_code_hash
        password_rules.check_beside_user_code(self.passwords, password, user_code_hash)
        return self.passwords.hash(password)

    def _remove(self, connection: Connection, found: Recovery, removed: tuple[OtherFactor, ...]) -> None:
        """Remove the factors that have entries, and tell of each as of any removal. Raises FactorsChanged."""
        if not found.at_window:
            return
        # The log's head is locked before this, and every factor comes and goes with an entry: what stands now, stays.
        if other_factors.standing(connection, found.person) != removed:
            raise FactorsChanged
        other_factors.remove(connection, found.person)
        for each in removed:
            self.notices.send(connection, found.person, told.AUTHENTICATOR_REMOVED, what=each.words)

    def _removals(self, found: Recovery, removed: tuple[OtherFactor, ...]) -> list[Event]:
        reference = self.accounts.reference(found.person)
        about: dict[str, JSON] = {"recovery": found.id, "person": found.person, "actor": found.person}
        return [
            Event(
                "AuthenticatorRemoved",
                self._id(),
                facts={**about, "command": RECOVERY, "authenticator": each.authenticator},
                subject=reference,
            )
            for each in removed
        ]

    def _id(self) -> str:
        return new_id("rcv", self.clock, self.entropy)


def _recoverable(connection: Connection, found: Recovery) -> Account:
    """Whose account comes back. Raises LinkGone, also for an account that was disabled since the recovery began.

    What two clerks allow while it is disabled removes what was stolen, and admits nobody. What they allowed before is
    over, also once the account is enabled again; what was asked for by a name is stopped then (`recovery_stop`).
    """
    person = people.find(connection, found.person)
    if person is None or not (_still_allowed(connection, found) if found.at_window else may_recover(person)):
        raise LinkGone
    return person


def _still_allowed(connection: Connection, found: Recovery) -> bool:
    """Whether nobody disabled the account since two clerks allowed this: it is due from that moment on."""
    return not people.disabled_since(connection, found.person, found.due_at)


def _alone(found: Recovery, person: Account) -> bool:
    """Whether the new password will be the account's only factor."""
    return found.at_window or password_rules.is_alone(person.authenticators)


def _known(found: Recovery | None) -> Recovery:
    if found is None:
        raise LinkGone
    return found


def _hashed(secret: str) -> bytes:
    return hashed(secret[: _LONGEST_SECRET + 1])
