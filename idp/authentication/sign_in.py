"""The steps of signing in: a password or a passkey, and where more is asked a second factor. All throttled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.authentication import password_rules, recovery_stop, told, totp
from idp.authentication.accounts import Accounts
from idp.authentication.devices import KEPT, Device, KnownDevices, words
from idp.authentication.passkeys import Passkeys
from idp.authentication.passwords import Passwords
from idp.authentication.recovery_codes import RecoveryCodes
from idp.authentication.sent_codes import SentCodes, sending_to
from idp.authentication.sessions import Sessions, Work
from idp.authentication.throttling import Throttle
from idp.authentication.webauthn_ceremonies import PasskeyRefused
from idp.model.assurance import PHISHING_RESISTANT, Factor
from idp.model.naming import canonical_username
from idp.model.person import Person
from idp.model.secret import hashed
from idp.model.session import Session
from idp.notices import Notices
from idp.store import devices, people
from idp.store import passkeys as stored_passkeys
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

_CODE_TRIES = "code of "


class NotSignedIn(Exception):
    """The name, the password, the code or the passkey is wrong: which one is told to nobody."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What a good step gives the browser: its session's new cookie, and the device's."""

    session: str = field(repr=False)
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Signs people in. Raises NotSignedIn, TooManyTries, HashingBusy, SessionEnded."""

    database: Database
    ledger: Ledger
    accounts: Accounts
    passwords: Passwords
    passkeys: Passkeys
    recovery_codes: RecoveryCodes
    sent_codes: SentCodes
    notices: Notices
    throttle: Throttle
    known_devices: KnownDevices
    sessions: Sessions
    clock: Clock
    entropy: Entropy

    # The first step ---------------------------------------------------------------------------------------------------

    def with_password(self, username: str, password: str, device: Device, before: Session | None) -> Proved:
        """A session begun with a password. The same work is done for a name that nobody has."""
        name = canonical_username(username)
        with self.database.read() as connection:
            found = people.by_username(connection, name)
        known = self.known_devices.known(device, found[0].id if found else "")
        failures = self.throttle.reserve(name, device.address, known)
        matched = self.passwords.verify(password, found[1].password_hash if found else None)
        if found is None or not matched or found[0].disabled:
            self._failed(found[0].id if found else None, "password", failures)
            raise NotSignedIn
        self.throttle.succeeded(name, device.address, known)
        person, shown = found[0], found[1].password_hash

        def stands(connection: Connection) -> None:
            if not people.stands(connection, person.id, shown):
                raise NotSignedIn
            if person.password_stands_alone is None:
                stands_alone = password_rules.stands_alone(password)
                people.learn_length(connection, person.id, shown, stands_alone=stands_alone)

        return self._begin(person, Factor.PASSWORD, device, before, stands)

    def with_passkey(self, answer: str, browser: str, device: Device, before: Session | None) -> Proved:
        """A session begun with a passkey: it says itself whose it is. No wait: it cannot be guessed."""
        try:
            passkey = self.passkeys.shown(answer, browser, None)
        except PasskeyRefused:
            raise NotSignedIn from None
        person = self.accounts.active(passkey.person)
        if person is None:
            raise NotSignedIn

        def stands(connection: Connection) -> None:
            kept = stored_passkeys.by_credential(connection, passkey.credential_id)
            if kept is None or not people.stands(connection, passkey.person, None):
                raise NotSignedIn

        return self._begin(person, passkey.factor, device, before, stands)

    # The second factor ------------------------------------------------------------------------------------------------

    def with_code(self, session: Session, code: str, device: Device) -> Proved:
        """The same session, now proven by a code of the authenticator app as well."""
        person = session.person
        with self.database.read() as connection:
            app = people.sealed(connection, person).totp
        stands = _only_while(lambda each: people.sealed(each, person).totp == app)
        return self._second(session, Factor.CODE, device, lambda: self._spend_code(person, code), stands)

    def with_sent_code(self, session: Session, code: str, device: Device) -> Proved:
        """The same session, now proven by a code sent to a telephone as well."""
        codes, person = self.sent_codes, session.person
        # As it was when the code was sent: this step proves the device.
        known = self.known_devices.proven(device, person)
        phone = codes.phone(person)
        stands = _only_while(lambda each: codes.phone_of(each, person) == phone)
        proved = self._second(session, Factor.PHONE, device, lambda: codes.spend(person, code), stands)
        self.throttle.succeeded(sending_to(person), device.address, known)
        return proved

    def with_recovery_code(self, session: Session, code: str, device: Device) -> Proved:
        """The same session, now proven by a recovery code as well; its owner is told. It is spent with the entry."""
        codes, person = self.recovery_codes, session.person

        def spend(connection: Connection) -> None:
            if not codes.spend(connection, person, code):
                raise NotSignedIn

        return self._second(session, Factor.RECOVERY, device, lambda: codes.is_good(person, code), spend)

    def with_second_passkey(self, session: Session, answer: str, browser: str, device: Device) -> Proved:
        """The same session, now proven by one of the person's passkeys as well. No wait for those who guess codes."""
        try:
            shown = self.passkeys.shown(answer, browser, session.person)
        except PasskeyRefused:
            raise NotSignedIn from None
        stands = _only_while(lambda each: stored_passkeys.by_credential(each, shown.credential_id) is not None)
        return self._stepped_up(session, shown.factor, device, stands)

    def send_code(self, session: Session, device: Device) -> bool:
        """Send a code to the person's telephone; False when there is none.

        Sending is throttled like guessing, until a code that was sent comes back.
        """
        known = self.known_devices.proven(device, session.person)
        self.throttle.reserve(sending_to(session.person), device.address, known)
        return self.sent_codes.send(session.person)

    # ------------------------------------------------------------------------------------------------------------------

    def _second(
        self, session: Session, factor: Factor, device: Device, spend: Callable[[], bool], also: Work
    ) -> Proved:
        tries, known = _CODE_TRIES + session.person, self.known_devices.proven(device, session.person)
        self._try(session, device, factor.name.lower(), spend, tries, known)
        return self._stepped_up(session, factor, device, also)

    def _stepped_up(self, session: Session, factor: Factor, device: Device, also: Work) -> Proved:
        """``also`` looks whether what was shown is the account's still, or uses it up.

        Whoever removed it while it was checked has ended the sessions in which it was shown before, and not this one.
        """

        name = self.known_devices.known(device, session.person)

        def work(connection: Connection) -> None:
            also(connection)
            if name is not None:
                devices.prove(connection, hashed(name), session.person, self.clock.now())

        return Proved(self.sessions.stepped_up(session, factor, self.accounts.reference(session.person), work))

    def _try(
        self, session: Session, device: Device, step: str, spend: Callable[[], bool], tries: str, known: str | None
    ) -> None:
        """One try at a second factor, counted under ``tries``, on a ``known`` device apart. Raises NotSignedIn."""
        failures = self.throttle.reserve(tries, device.address, known)
        if not spend():
            self._failed(session.person, step, failures, self.accounts.reference(session.person))
            raise NotSignedIn
        self.throttle.succeeded(tries, device.address, known)

    def _begin(
        self,
        person: Person,
        factor: Factor,
        device: Device,
        before: Session | None,
        stands: Work,
    ) -> Proved:
        """The session, the device it is on, and on a device that is new the notice: in one transaction.

        ``stands`` raises NotSignedIn unless what was shown is the account's still, and the account not disabled. Who
        disabled it, changed its password or removed its passkey while checking took its time has ended the sessions
        there were, and not this one: then none begins.
        """
        name, reference = self._name(device, person), self.accounts.reference(person.id)
        leaving = None if before is None else self.accounts.reference_at_an_end(before.person)
        met = self._met(person, name, device, factor)

        def begin(stopped: tuple[str, ...]) -> Proved:
            def work(connection: Connection) -> None:
                stands(connection)
                recovery_stop.stop_asked_for(connection, self.notices, person.id, stopped, self.clock.now())
                met(connection)

            entries = [self._stopped(person.id, each, reference) for each in stopped]
            session = self.sessions.signed_in(person, factor, reference, before, device, work, entries, leaving)
            return Proved(session, device.carrying(name))

        return recovery_stop.naming(begin)

    def _stopped(self, person_id: str, recovery: str, reference: SubjectRef | None) -> Event:
        identity = new_id("rcv", self.clock, self.entropy)
        return recovery_stop.entry(identity, person_id, recovery, "sign-in", reference)

    def _name(self, device: Device, person: Person) -> str:
        """By which the device is known for this person from now on: one it brought only if it is theirs already."""
        return self.known_devices.known(device, person.id) or token(self.entropy)

    def _met(self, person: Person, name: str, device: Device, factor: Factor) -> Work:
        def work(connection: Connection) -> None:
            now = self.clock.now()
            if devices.meet(connection, hashed(name), person.id, now, now + KEPT):
                self.notices.send(connection, person.id, told.NEW_DEVICE, device=words(device.kind))
            if factor in PHISHING_RESISTANT:  # counts as two (idp.model.assurance)
                devices.prove(connection, hashed(name), person.id, now)

        return work

    def _spend_code(self, person_id: str, code: str) -> bool:
        secret = self.accounts.totp_secret(person_id)
        counter = None if secret is None else totp.matching_counter(secret, code, self.clock.now())
        if counter is None:
            return False
        return self.database.write(lambda connection: people.spend_totp_counter(connection, person_id, counter))

    def _failed(self, person: str | None, step: str, failures: int, subject: SubjectRef | None = None) -> None:
        """Record failures at the third in a row and at every tenth, at names nobody has as well.

        The log's size is public, and an entry takes its time: one for real accounts alone would tell which names exist.
        So before a password was right no ``subject`` is looked up either: an entry about one is more statements.
        """
        if not (failures == 3 or failures % 10 == 0):
            return
        # Who tried is not known, so nobody is named as the actor.
        facts: dict[str, JSON] = {"person": person, "command": "sign-in", "step": step, "failures": failures}
        event = Event("SignInFailed", new_id("sin", self.clock, self.entropy), facts=facts, subject=subject)
        self.ledger.append([event])


def _only_while(holds: Callable[[Connection], bool]) -> Work:
    """Raises NotSignedIn where it holds no longer."""

    def work(connection: Connection) -> None:
        if not holds(connection):
            raise NotSignedIn

    return work
