"""The second clerk reads the document, too: what they type is compared with what is sealed, which is never shown.

A confirmation that only repeats what the first clerk said would let one slip, or one lie, bind any number to any
account (ADR 0097).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import normalize

from sqlalchemy import Connection

from idp.administration.errors import AdministrationError
from idp.administration.first_reading import counted
from idp.administration.person_register import PersonRegister
from idp.administration.rights import Actor, Command, deciding, reach
from idp.administration.sealed_reading import is_text, opened
from idp.authentication.throttling import Throttle
from idp.model.proposal import Proposal
from idp.store import people, window_checks
from kernel.canonical import JSON
from kernel.identifiers import InvalidIdentifier
from kernel.identifiers.subject import SubjectRef, parse

AT_THE_WINDOW = frozenset({Command.PROVE_PERSON, Command.RECOVER_PERSON})
"""What two clerks do; both have the person and the document before them."""
NAME, NUMBER = "name", "number"
DIFFERED = "SecondReadingDiffered"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the second clerk typed, from the document they see; empty for what was not asked."""

    name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)


NOTHING_READ = Reading()


@dataclass(frozen=True, slots=True)
class SecondReadings:
    """Says what a second clerk has to read, and compares it."""

    register: PersonRegister
    throttle: Throttle

    def account(self, actor: Actor, proposal: Proposal) -> str | None:
        """The user name of the account two clerks decide on, for clerks alone; None for other proposals and offices."""
        command = Command(proposal.command)
        if command not in AT_THE_WINDOW or reach(actor.roles, deciding(command)) is None:
            return None
        found = self.register.find(_person(proposal))
        return None if found is None else found.username

    def asked(self, proposal: Proposal) -> tuple[str, ...]:
        """What has to be read: name and number of a document that proves; a number on record, to let somebody back."""
        if proposal.outcome is not None or Command(proposal.command) not in AT_THE_WINDOW:
            return ()
        if Command(proposal.command) is Command.PROVE_PERSON:
            return (NAME, NUMBER)
        with self.register.database.read() as connection:
            return () if people.sealed(connection, _person(proposal)).subject is None else (NUMBER,)

    def compare(self, actor: Actor, proposal: Proposal, read: Reading) -> Mapping[str, JSON]:
        """What the entry says was compared. Raises AdministrationError for what differs, and for guesses in a row.

        Which of the two differs is not said. Guesses are counted by account and by clerk, before they are compared.
        """
        asked = self.asked(proposal)
        if not asked:
            return {"compared": []} if Command(proposal.command) in AT_THE_WINDOW else {}
        with self.register.database.read() as connection:
            name, subject = self._known(connection, proposal)
        given = _given(asked, read, subject)
        about, by = f"second reading of {_person(proposal)}", f"second readings by {actor.person}"
        counted(self.throttle, about, by)
        if not hmac.compare_digest(given, _as_one(name if NAME in asked else "", subject.value)):
            self._record(actor, proposal)
            raise AdministrationError(
                "与第一名窗口人员所核对的或账户上的不一致，请对照证件重新填写；仍不一致的，请否决",
                "this is not what the first clerk read or the account holds: read the document again, or decline",
            )
        self.throttle.succeeded_with_one(about, by)
        return {"compared": [*asked]}

    def _known(self, connection: Connection, proposal: Proposal) -> tuple[str, SubjectRef]:
        """What the first clerk read, or the number on record."""
        person = _person(proposal)
        if Command(proposal.command) is Command.PROVE_PERSON:
            check = window_checks.find(connection, str(proposal.facts["check"]))
            if check is None or check.person != person:
                raise AdministrationError("这次核验已失效", "this check is no longer there")
            return opened(self.register.vault, connection, check)
        subject = self.register.vault.open_subject(person, people.sealed(connection, person))
        assert subject is not None  # asked only of an account with a number, which no account loses
        return "", subject

    def _record(self, actor: Actor, proposal: Proposal) -> None:
        records = self.register.records.of(actor.person, deciding(Command(proposal.command)).value)
        records.make(DIFFERED, {"person": _person(proposal), "proposal": proposal.id}, lambda _connection: None)


def _given(asked: tuple[str, ...], read: Reading, subject: SubjectRef) -> bytes:
    """What was typed, in the form it is compared in. Raises AdministrationError for what no document says."""
    if NAME in asked and not is_text(read.name):
        raise AdministrationError("请填写证件上的姓名", "give the name on the document")
    try:
        number = parse(subject.scheme, read.number).value
    except InvalidIdentifier as error:  # no guess yet: a slip that the check character finds
        raise AdministrationError(error.reason.zh, error.reason.en) from None
    return _as_one(read.name if NAME in asked else "", number)


def _as_one(name: str, number: str) -> bytes:
    return f"{normalize('NFC', name.strip())}\0{number}".encode()


def _person(proposal: Proposal) -> str:
    return str(proposal.facts["person"])
