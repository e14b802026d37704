"""Accounts of people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection

from idp.administration import people_file
from idp.administration.acts import Act
from idp.administration.errors import AdministrationError, Outdated
from idp.administration.records import Records
from idp.authentication import password_rules, recovery_stop, told, totp
from idp.authentication.passwords import Passwords, PasswordUnusable
from idp.authentication.sealing import PersonVault
from idp.model.assurance import LEVELS
from idp.model.naming import (
    LONGEST_NAME,
    LONGEST_USERNAME,
    SHORTEST_USERNAME,
    canonical_username,
    is_name,
    is_username,
)
from idp.model.person import ROLES, NewPerson, Person, PersonKind
from idp.model.proofing import Method, Proofing
from idp.model.roles import clash, in_words
from idp.model.signing_up import NOBODY
from idp.notices import Channels, Notices
from idp.proofing import lapse
from idp.store import offices, organisations, people, proofings, recoveries, sessions, versions
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.identifiers import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef
from kernel.identifiers.subject import parse as parse_subject
from kernel.ids import new_id

IMPORT_SECONDS = 120.0
"""For the one transaction of a file."""


@dataclass(frozen=True, slots=True)
class PersonRegister:
    """Makes and ends accounts."""

    database: Database
    records: Records
    vault: PersonVault
    passwords: Passwords
    channels: Channels
    clock: Clock
    entropy: Entropy

    @property
    def notices(self) -> Notices:
        """People learn of what others do to their accounts, in the transaction that does it."""
        return Notices(self.vault, self.channels, self.clock, self.entropy)

    def add(self, new: NewPerson) -> None:
        """Make an account."""
        act = self.made(new)
        self.records.make(act.name, act.facts, act.change, new.subject)

    def made(self, new: NewPerson) -> Act:
        """The act of making an account. Raises AdministrationError."""
        check(new)
        person = Person(
            id=new_id("per", self.clock, self.entropy),
            username=canonical_username(new.username),
            name=new.name,
            kind=new.kind,
            assurance=new.assurance,
            disabled=False,
            organisation=new.organisation,
            roles=new.roles,
        )
        sealed = self.vault.seal(person.id, new.subject, new.totp_secret)
        password_hash, now = self._hashed(new.password), self.clock.now()
        stands_alone = password_rules.stands_alone(new.password)
        facts: dict[str, JSON] = {"person": person.id, "kind": person.kind.value, "assurance": person.assurance}
        proof = Proofing(new_id("prf", self.clock, self.entropy), person.id, person.assurance, Method.OPERATOR, now)

        def change(connection: Connection) -> None:
            refuse_impossible(connection, person, sealed.subject_index)
            people.add(connection, person, password_hash, sealed, now, stands_alone=stands_alone)
            for contact in new.contacts:
                self.channels.add(connection, person.id, contact, confirmed=True)
            proofings.add(connection, proof)

        return Act("PersonAdded", facts, change)

    def import_file(self, lines: Iterable[str]) -> int:
        """Make the accounts of a CSV file, all or none; how many. Raises AdministrationError naming the line."""
        rows = list(people_file.read(lines))
        people_file.refuse_too_many(len(rows))
        for number, new in rows:
            people_file.at_line(number, partial(check, new))
        acts = [(self._made_of_line(number, new), new.subject) for number, new in rows]
        if acts:
            self.records.make_all(acts, timeout=IMPORT_SECONDS)
        return len(rows)

    def _made_of_line(self, number: int, new: NewPerson) -> Act:
        """The act of making an account; whatever goes wrong with it names the line it came from."""
        act = people_file.at_line(number, lambda: self.made(new))

        def change(connection: Connection) -> None:
            people_file.at_line(number, lambda: act.change(connection))

        return replace(act, change=change)

    def disable(self, username: str) -> None:
        """Refuse an account and end its sessions and tokens everywhere within a second."""
        found = self.by_username(username)
        if found is None:
            raise AdministrationError("没有使用这个用户名的账户", "there is no account with this user name")
        act = self.disabling(found.id, everywhere=True)
        self.records.make(act.name, act.facts, act.change)

    def by_username(self, username: str) -> Person | None:
        """The account with exactly this user name."""
        with self.database.read() as connection:
            found = people.by_username(connection, canonical_username(username))
        return None if found is None else found[0]

    def find(self, person_id: str) -> Person | None:
        """The account with an identifier."""
        with self.database.read() as connection:
            return people.find(connection, person_id)

    def ever_held(self, role: str) -> bool:
        """Whether anybody ever held an office."""
        with self.database.read() as connection:
            return offices.ever_held(connection, role)

    def disabling(self, person_id: str, *, everywhere: bool) -> Act:
        """The act of refusing an account from now on; its sessions and tokens, its agents' too, end within a second.

        ``everywhere``: by an office that reaches everywhere; a department does not admit the account again then.
        """
        now = self.clock.now()

        def change(connection: Connection) -> None:
            if not people.disable(connection, person_id, now, everywhere=everywhere):
                raise AdministrationError("该账户已停用", "this account is disabled already")
            sessions.end_of_person(connection, person_id, now)
            lapse.suspend(connection, person_id, now)
            self.notices.send(connection, person_id, told.ACCOUNT_DISABLED)

        return Act("PersonDisabled", {"person": person_id}, change)

    def enabling(self, person_id: str, *, everywhere: bool) -> Act:
        """The act of admitting an account again. A recovery that was asked for before it was disabled stays ended."""
        now = self.clock.now()
        with self.database.read() as connection:
            asked = recoveries.asked_for(connection, person_id, now)

        def change(connection: Connection) -> None:
            if not people.enable(connection, person_id, everywhere=everywhere):
                raise AdministrationError("该账户未被停用", "this account is not disabled")
            try:
                recovery_stop.stop_asked_for(connection, self.notices, person_id, asked, now)
            except recovery_stop.OthersOpen:
                raise AdministrationError(
                    "此人的账户找回刚有变化，请再试", "a recovery ended just now: try again"
                ) from None
            versions.advance(connection, versions.REVOCATIONS)  # by what they appointed agents may act again
            self.notices.send(connection, person_id, told.ACCOUNT_ENABLED)

        return Act("PersonEnabled", {"person": person_id}, change, besides=recovery_stop.entries_of(person_id, asked))

    def ending_sessions(self, person_id: str) -> Act:
        """The act of signing a person out everywhere."""
        now = self.clock.now()

        def change(connection: Connection) -> None:
            sessions.end_of_person(connection, person_id, now)
            self.notices.send(connection, person_id, told.SESSIONS_ENDED)

        return Act("SessionsEnded", {"person": person_id}, change)

    def changing_roles(self, person_id: str, before: tuple[str, ...], after: tuple[str, ...]) -> Act:
        """The act of giving and taking offices. Whoever loses one is signed out, so that no token says otherwise.

        Raises AdministrationError for offices that do not exist or do not go together; the change itself raises
        OfficesChanged when they are no longer those of ``before``.
        """
        check_roles(after)
        now = self.clock.now()

        def change(connection: Connection) -> None:
            if not people.change_roles(connection, person_id, before, after):
                raise OfficesChanged
            if set(before) - set(after):
                sessions.end_of_person(connection, person_id, now)
            self.notices.send(connection, person_id, told.ROLES_CHANGED, roles=in_words(after) or told.NO_OFFICE)

        facts: dict[str, JSON] = {"person": person_id, "before": [*before], "after": [*after]}
        return Act("RolesChanged", facts, change)

    def _hashed(self, password: str) -> str:
        try:
            return self.passwords.hash(password)
        except PasswordUnusable as error:
            raise AdministrationError(error.text.zh, error.text.en) from None


class OfficesChanged(Outdated):
    """Somebody else gave or took one meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            "该账户的职责在您查看之后已有变化，未作改动，请按现有职责重新选择",
            "the offices have changed since you looked, and nothing was changed: choose again from those held now",
        )


def check(new: NewPerson) -> None:
    """Raises AdministrationError for an account that could not exist; says which member is wrong, never its value."""
    if not is_username(canonical_username(new.username)):
        raise AdministrationError(
            f"用户名须为 {SHORTEST_USERNAME} 至 {LONGEST_USERNAME} 个可见字符，且不以“{NOBODY}”开头",
            f"a user name has {SHORTEST_USERNAME} to {LONGEST_USERNAME} visible characters and begins with no {NOBODY}",
        )
    if not is_name(new.name):
        raise AdministrationError(
            f"姓名须为 1 至 {LONGEST_NAME} 个可见字符", f"a name has 1 to {LONGEST_NAME} visible characters"
        )
    if new.subject is not None:
        check_subject(new.subject)
    if new.assurance not in LEVELS:
        raise AdministrationError("实名等级须为 1 至 4", "assurance must be 1 to 4")
    if new.totp_secret is not None and not totp.is_secret(new.totp_secret):
        raise AdministrationError(
            "TOTP 密钥须为至少 128 位的 base32 文本", "the TOTP secret must be base32 of at least 128 bits"
        )
    check_password(new)
    staff = new.kind is PersonKind.STAFF
    if staff != (new.organisation is not None) or not set(new.roles) <= (ROLES if staff else set()):
        raise AdministrationError(
            "工作人员必须有机构，且职责须为已知职责；自然人二者皆无",
            f"staff have an organisation and roles out of {', '.join(sorted(ROLES))}; natural persons have neither",
        )
    check_roles(new.roles)
    if not staff and new.assurance > 1 and new.subject is None:
        raise AdministrationError(
            "实名等级 2 及以上须有身份号码", "a natural person above assurance 1 needs an identity number"
        )


def check_subject(subject: SubjectRef) -> None:
    """Raises AdministrationError for a number whose form or check character is wrong."""
    try:
        canonical = parse_subject(subject.scheme, subject.value)
    except InvalidIdentifier as error:
        raise AdministrationError(error.reason.zh, error.reason.en) from None
    if canonical != subject:
        raise AdministrationError("身份号码须为规范写法", "the identity number must be in its canonical form")


def check_password(new: NewPerson) -> None:
    """Raises AdministrationError for a password that nobody may have (SP 800-63B-4 §3.1.1.2)."""
    try:
        password_rules.check(new.password, new.username, new.name, alone=new.totp_secret is None)
    except PasswordUnusable as error:
        raise AdministrationError(error.text.zh, error.text.en) from None


def check_roles(roles: Iterable[str]) -> None:
    """Raises AdministrationError for offices that do not exist, or that one person may not hold together."""
    held = [*roles]
    if not set(held) <= ROLES or len(set(held)) != len(held):
        raise AdministrationError("没有这样的职责", "there is no such office")
    if clash(held):
        raise AdministrationError(
            "系统管理、安全管理与审计职责须由不同的人担任",
            "to run the system, to guard its accounts and to audit both are offices of different persons",
        )


def refuse_impossible(connection: Connection, person: Person, subject_index: bytes | None) -> None:
    """Raises AdministrationError for a name or number already taken, or a department that is not there."""
    if people.taken(connection, person.username, subject_index):
        raise AdministrationError("用户名或身份号码已被使用", "the user name or the identity number is taken")
    if person.organisation is not None and person.organisation not in organisations.every(connection):
        raise AdministrationError(
            f"机构 {person.organisation} 尚未登记，请先添加该机构",
            f"organisation {person.organisation} is not registered; add it first",
        )
