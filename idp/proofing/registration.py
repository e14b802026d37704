"""Making one's own account: a message to the address first, and only then is anybody told that a name is taken.

Before the code comes back an application is an account without a name that nobody can sign in to. The same work is
done, and the same page shown, whether or not the name is free, so that asking tells a stranger nothing; whoever does
learn that a name is taken has shown a telephone or a mailbox, and has a handful of tries: the names asked about from
one are counted before they are looked up, and no account made in between makes up for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from idp.authentication import password_rules, told
from idp.authentication.own_account import WrongCode
from idp.authentication.passwords import Passwords
from idp.authentication.sealing import PersonVault
from idp.authentication.sent_codes import SentCodes
from idp.authentication.throttling import Throttle
from idp.model.contact import Contact
from idp.model.naming import canonical_username, is_name, is_username
from idp.model.person import Person, PersonKind
from idp.model.proofing import SELF_DECLARED, Method, Proofing
from idp.model.secret import hashed
from idp.model.signing_up import NOBODY, Applicant, SigningUp
from idp.notices import Channel
from idp.store import people, proofings, signing_up
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger

LASTS = timedelta(minutes=30)
_LONGEST_SECRET = 128


class NameTaken(Exception):
    """Somebody has this user name already. Said only to whoever confirmed an address."""


class BadName(Exception):
    """The user name or the person's own name cannot be one."""


class ApplicationGone(Exception):
    """The application was finished, has lapsed, or never was: nobody is told which."""


@dataclass(frozen=True, slots=True)
class Registrations:
    """Every method raises TooManyTries, HashingBusy, LedgerUnavailable."""

    database: Database
    ledger: Ledger
    vault: PersonVault
    passwords: Passwords
    sent_codes: SentCodes
    throttle: Throttle
    clock: Clock
    entropy: Entropy

    def begin(self, asked: Applicant, address: str) -> str:
        """Send a code; the application's secret. Raises BadName, PasswordUnusable."""
        username = _checked(asked)
        self.throttle.reserve(_accounts_for(asked.contact), address)
        password_hash, secret, now = self.passwords.hash(asked.password), token(self.entropy), self.clock.now()
        person = new_id("per", self.clock, self.entropy)
        unnamed = Person(person, NOBODY + person, asked.name.strip(), PersonKind.NATURAL, SELF_DECLARED, disabled=True)
        sealed = self.vault.seal(person, None, None)

        def work(connection: Connection) -> None:
            people.add(connection, unnamed, password_hash, sealed, now, stands_alone=True)  # as every new one is here
            people.disable(connection, person, now, everywhere=True)
            channel = self.sent_codes.notices.channels.add(connection, person, asked.contact)
            signing_up.add(connection, SigningUp(hashed(secret), person, channel, username, now + LASTS))
            self._send(connection, person)

        self.database.write(work)
        return secret

    def find(self, secret: str) -> tuple[SigningUp, Channel]:
        """An application that can be finished, and where its code went. Raises ApplicationGone."""
        if len(secret) > _LONGEST_SECRET:
            raise ApplicationGone
        with self.database.read() as connection:
            found = signing_up.find(connection, hashed(secret), self.clock.now())
            if found is None:
                raise ApplicationGone
            return found, self._channel(connection, found.person)

    def send_again(self, secret: str, address: str) -> None:
        """Another code. Raises ApplicationGone."""
        found, channel = self.find(secret)
        if found.confirmed_at is None:
            self.throttle.reserve(_accounts_for(channel.contact), address)
            self.database.write(lambda connection: self._send(connection, found.person))

    def confirm(self, secret: str, code: str, address: str) -> None:
        """The code arrived: the account is made. Raises ApplicationGone, WrongCode, NameTaken.

        Where too many names were asked about already the contact stays confirmed, and another is given by ``rename``.
        """
        found, channel = self.find(secret)
        now = self.clock.now()

        def work(connection: Connection) -> bool:
            if not self.sent_codes.spend_at(connection, found.person, found.channel, code):
                return False
            self.sent_codes.notices.channels.confirm(connection, found.person, found.channel)
            signing_up.confirm(connection, found.hash, now)
            return True

        if not self.database.write(work):
            raise WrongCode
        self.throttle.reserve(_names_for(channel.contact), address)
        self._finish(found, found.username)
        self._count_ends(channel.contact, address)

    def rename(self, secret: str, username: str, password: str, address: str) -> None:
        """Another name, after the first turned out to be taken. Raises ApplicationGone, NameTaken, BadName and so on.

        The password is asked for again, because it must not be made of the new name either.
        """
        found, channel = self.find(secret)
        if found.confirmed_at is None:
            raise ApplicationGone
        name = _username(username)
        with self.database.read() as connection:
            unnamed = people.find(connection, found.person)
        password_rules.check(password, name, unnamed.name if unnamed else "", alone=True)
        self.throttle.reserve(_names_for(channel.contact), address)
        self._finish(found, name, self.passwords.hash(password))
        self._count_ends(channel.contact, address)

    def _count_ends(self, contact: Contact, address: str) -> None:
        """An account was made: the address gets back its code and its name. Names stay counted, or an account now and
        then would buy more of them."""
        self.throttle.succeeded(_accounts_for(contact), address, tries=2)

    def _finish(self, found: SigningUp, username: str, password_hash: str | None = None) -> None:
        """Take the name, in one transaction with the entry: the log's head makes two of the same name take turns."""
        now, channels = self.clock.now(), self.sent_codes.notices.channels
        proof = Proofing(
            new_id("prf", self.clock, self.entropy), found.person, SELF_DECLARED, Method.SELF_DECLARED, now
        )

        def also(connection: Connection, _receipts: object) -> None:
            if people.taken(connection, username, None):
                raise NameTaken
            if not signing_up.finish(connection, found.hash, now):
                raise ApplicationGone
            signing_up.adopt(connection, found.person, username)
            if password_hash is not None:
                people.change_password(connection, found.person, password_hash, stands_alone=True)
            proofings.add(connection, proof)
            self.sent_codes.notices.send_to(
                connection, found.person, [each.contact for each in channels.of(connection, found.person)], told.WELCOME
            )

        facts: dict[str, JSON] = {
            "person": found.person,
            "kind": PersonKind.NATURAL.value,
            "assurance": SELF_DECLARED,
            "method": Method.SELF_DECLARED.value,
            "actor": found.person,
            "command": "sign-up",
        }
        self.ledger.append([Event("PersonRegistered", new_id("reg", self.clock, self.entropy), facts=facts)], also=also)

    def _send(self, connection: Connection, person: str) -> None:
        self.sent_codes.send_to(connection, person, self._channel(connection, person))

    def _channel(self, connection: Connection, person: str) -> Channel:
        [channel] = self.sent_codes.notices.channels.of(connection, person)
        return channel


def _accounts_for(contact: Contact) -> str:
    """What codes sent to a contact are counted under, until an account is made of it."""
    return f"account for {contact.value}"


def _names_for(contact: Contact) -> str:
    """What the names asked about from a contact are counted under; nothing but time ends that."""
    return f"names for {contact.value}"


def _checked(asked: Applicant) -> str:
    """The user name in its one spelling. Raises BadName, PasswordUnusable."""
    username, name = _username(asked.username), asked.name.strip()
    if not is_name(name):
        raise BadName
    password_rules.check(asked.password, username, name, alone=True)
    return username


def _username(text: str) -> str:
    username = canonical_username(text)
    if not is_username(username):
        raise BadName
    return username
