"""Identity proven at a window: one clerk checks the document with the person present, another confirms.

Name and number as they stand on the document are sealed under the person's own key until the second clerk has
confirmed; the proposal and the ledger hold identifiers alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.administration.acts import Act
from idp.administration.errors import AdministrationError, NoSuchThing
from idp.administration.first_reading import FirstReadings
from idp.administration.person_register import PersonRegister
from idp.administration.proposals import LASTS, Prepare, Proposals
from idp.administration.rights import Actor, Command, NotPermitted, permit
from idp.administration.sealed_reading import is_text, opened, sealed
from idp.authentication import told
from idp.model.person import Person, PersonKind
from idp.model.proofing import AT_A_WINDOW, Document, Method, Proofing, WindowCheck
from idp.model.proposal import Proposal
from idp.model.signing_up import NOBODY
from idp.notices import Notices
from idp.proofing.identity import AnotherNumber, HeldByAnother, attach
from idp.store import people, proofings, proposals, window_checks
from kernel.canonical import JSON
from kernel.identifiers import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef, parse
from kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Seen:
    """What the clerk enters: the document, what it says, the office's own reference, and the level that follows."""

    document: str
    name: str = field(repr=False)
    number: str = field(repr=False)
    reference: str
    level: int


@dataclass(frozen=True, slots=True)
class WindowDesk:
    """Every method raises NotPermitted, and AdministrationError for what cannot be done."""

    register: PersonRegister
    proposals: Proposals
    readings: FirstReadings

    def may_look(self, actor: Actor) -> None:
        """Raises NotPermitted for whoever is no clerk."""
        permit(actor, Command.PROVE_PERSON, None)

    def by_username(self, actor: Actor, username: str) -> Person:
        """The natural person's account with exactly this name, disabled or not."""
        self.may_look(actor)
        return _natural(self.register.by_username(username))

    def show(self, actor: Actor, person_id: str) -> Person:
        """The natural person's account with an identifier, disabled or not."""
        self.may_look(actor)
        return _natural(self.register.find(person_id))

    def record(self, actor: Actor, person_id: str, seen: Seen) -> Proposal:
        """The document was checked: a proposal for another clerk."""
        found = self.show(actor, person_id)
        if found.id == actor.person:
            raise NotPermitted
        _refuse_disabled(found)
        subject, register = _checked(seen), self.register
        _refusing(lambda: self.readings.compare(actor, found.id, subject))
        check_id, now = new_id("chk", register.clock, register.entropy), register.clock.now()
        with register.database.read() as connection:
            wrapped = people.data_key(connection, found.id)
        check = WindowCheck(
            check_id,
            found.id,
            sealed(register.vault, wrapped, found.id, check_id, (seen.name, subject)),
            hashlib.sha256(f"{check_id}\0{seen.reference.strip()}".encode()).digest(),
        )
        facts: dict[str, JSON] = {
            "person": found.id,
            "check": check_id,
            "level": seen.level,
            "document": seen.document,
        }
        return self.proposals.propose(
            actor, Command.PROVE_PERSON, facts, lambda connection: window_checks.add(connection, check, now + LASTS)
        )

    def recover(self, actor: Actor, person_id: str, reference: str) -> Proposal:
        """The person is here and cannot sign in: a proposal for another clerk.

        An account that is disabled stays so: what was stolen is removed before an administrator enables it (ADR 0099).
        """
        found = self.show(actor, person_id)
        if found.id == actor.person:
            raise NotPermitted
        _checked_text(reference)
        case_id = new_id("chk", self.register.clock, self.register.entropy)
        evidence = hashlib.sha256(f"{case_id}\0{reference.strip()}".encode()).hexdigest()
        facts: dict[str, JSON] = {"person": found.id, "check": case_id, "evidence": evidence}
        return self.proposals.propose(actor, Command.RECOVER_PERSON, facts)


def kinds(register: PersonRegister, notices: Notices) -> Mapping[Command, Prepare]:
    """How a confirmed check is carried out."""

    def proving(proposal: Proposal) -> Act:
        person, level, check_id = str(proposal.facts["person"]), _level(proposal), str(proposal.facts["check"])
        proof_id, now = new_id("prf", register.clock, register.entropy), register.clock.now()

        def change(connection: Connection) -> None:
            _refuse_disabled(people.find(connection, person))
            refuse_disabled_since(connection, proposal)
            _refuse_before_recovery(connection, proposal)
            check, decided = window_checks.take(connection, check_id), proposals.find(connection, proposal.id)
            if check is None or check.person != person or decided is None:
                raise AdministrationError("这次核验已失效", "this check is no longer there")
            name, subject = opened(register.vault, connection, check)
            _refusing(lambda: attach(connection, register.vault, person, name, subject))
            proofings.add(
                connection,
                Proofing(
                    proof_id,
                    person,
                    level,
                    Method.WINDOW,
                    now,
                    str(proposal.facts["document"]),
                    check.evidence,
                    proposal.proposed_by,
                    decided.decided_by,
                ),
            )
            proven = people.find(connection, person)
            assert proven is not None  # found above, and accounts are never deleted
            notices.send(connection, person, told.IDENTITY_PROVEN, level=str(proven.assurance))

        facts: dict[str, JSON] = {
            "person": person,
            "proofing": proof_id,
            "level": level,
            "method": Method.WINDOW.value,
            "check": check_id,
        }
        return Act("IdentityProven", facts, change)

    return {Command.PROVE_PERSON: proving}


def _refuse_disabled(found: Person | None) -> None:
    """Raises AdministrationError: no level is given to an account that is disabled, or was meanwhile."""
    if found is None or found.disabled:
        raise AdministrationError(
            "这个账户已停用，须先由管理员恢复", "this account is disabled; an administrator has to enable it first"
        )


def refuse_disabled_since(connection: Connection, proposal: Proposal) -> None:
    """Raises AdministrationError for what was proposed before the account was disabled, also once it is enabled again.

    Whoever disables an account means what is under way as well (ADR 0099).
    """
    if people.disabled_since(connection, str(proposal.facts["person"]), proposal.proposed_at):
        raise AdministrationError(
            "这个账户在提议之后被停用过，请重新提议",
            "this account was disabled after this was proposed: propose it anew",
        )


def _refuse_before_recovery(connection: Connection, proposal: Proposal) -> None:
    """Raises AdministrationError for a check recorded before the account was recovered last.

    Whoever recovered it may be somebody else than the first clerk saw: the document is checked anew (ADR 0099).
    """
    recovered = proofings.newest(connection, str(proposal.facts["person"]), Method.RECOVERY)
    if recovered is not None and proposal.proposed_at <= recovered:
        raise AdministrationError(
            "这个账户在记录核验之后被找回过，请重新核验证件并另行记录",
            "this account was recovered after the check was recorded: check the document anew and record it again",
        )


def _natural(found: Person | None) -> Person:
    if found is None or found.kind is not PersonKind.NATURAL or found.username.startswith(NOBODY):
        raise NoSuchThing("没有这个账户", "there is no such account")
    return found


def _level(proposal: Proposal) -> int:
    level = proposal.facts["level"]
    assert isinstance(level, int)  # our own facts
    return level


def _checked(seen: Seen) -> SubjectRef:
    """The number on the document. Raises AdministrationError, which never repeats it."""
    if seen.document not in [*Document] or seen.level not in AT_A_WINDOW:
        raise AdministrationError("请选择证件种类和实名等级", "choose the kind of document and the level")
    for text in (seen.name, seen.reference):
        _checked_text(text)
    try:
        return parse("citizen-number", seen.number)
    except InvalidIdentifier as error:
        raise AdministrationError(error.reason.zh, error.reason.en) from None


def _refusing(work: Callable[[], None]) -> None:
    try:
        work()
    except AnotherNumber:
        raise AdministrationError("这个账户已核验为另一个号码", "this account was proven with another number") from None
    except HeldByAnother:
        raise AdministrationError(
            "另一个账户已使用这个号码，请为此人找回那个账户",
            "another account holds this number: have the person recover that one",
        ) from None


def _checked_text(text: str) -> None:
    if not is_text(text):
        raise AdministrationError("请填写证件上的姓名和受理编号", "give the name on the document and your reference")
