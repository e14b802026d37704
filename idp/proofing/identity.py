"""Proving one's identity online: a name and a citizen number that belong together in a register raise level 1 to 2.

One number, one account: whoever proves their identity again keeps the account they have, and with it the pairwise
identifiers by which departments know them. A number that another account holds is never moved from here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from idp.authentication import told
from idp.authentication.own_account import OwnChanges, Owner
from idp.authentication.sealing import PersonVault
from idp.authentication.throttling import Throttle
from idp.model.person import PersonKind
from idp.model.proofing import BY_A_REGISTER, Method, Proofing
from idp.model.upstream import Statement
from idp.proofing.verifier import Verifier
from idp.store import people, proofings
from kernel.canonical import JSON
from kernel.database import Database
from kernel.identifiers.subject import SubjectRef, parse
from kernel.ids import new_id

_LONGEST_NAME = 100


class NoMatch(Exception):
    """The register does not know this name with this number; which of them is wrong it does not say."""


class HeldByAnother(Exception):
    """Another account holds the number: its owner recovers that one instead of making a second."""


class AnotherNumber(Exception):
    """The account holds another number already; an account never changes whose it is."""


class NotOffered(Exception):
    """There is no register here, or the account is not a natural person's."""


@dataclass(frozen=True, slots=True)
class Identities:
    """Raises TooManyTries, VerifierUnavailable, LedgerUnavailable."""

    database: Database
    changes: OwnChanges
    vault: PersonVault
    verifier: Verifier | None
    throttle: Throttle

    def offered_to(self, owner: Owner) -> bool:
        """Whether this person can prove their identity here."""
        return self.verifier is not None and self.is_for(owner)

    def is_for(self, owner: Owner) -> bool:
        """Whether this is an account whose level is raised online at all: a natural person's."""
        return owner.person.kind is PersonKind.NATURAL

    def proofs(self, owner: Owner) -> list[Proofing]:
        """The proofs an account's level rests on, newest first."""
        with self.database.read() as connection:
            return proofings.of_person(connection, owner.person.id)

    def prove(self, owner: Owner, name: str, number: str, address: str) -> None:
        """Ask the register, and raise the level.

        Raises NotOffered, InvalidIdentifier, NoMatch, AnotherNumber, HeldByAnother.
        """
        verifier = self.verifier
        if verifier is None or not self.offered_to(owner):
            raise NotOffered
        subject, declared = parse("citizen-number", number), name.strip()
        if not 0 < len(declared) <= _LONGEST_NAME or not declared.isprintable():
            raise NoMatch
        if owner.reference not in (None, subject):
            raise AnotherNumber
        tries = (f"identity of {owner.person.id}", f"identity number {subject.value}")
        for account in tries:
            self.throttle.reserve(account, address)
        found = verifier.match(declared, subject)
        if found is None:
            raise NoMatch
        evidence = hashlib.sha256(found.reference.encode()).digest()
        proof = self._proof(owner, BY_A_REGISTER, Method.REGISTER, verifier.name, evidence)
        self._record(owner, declared, subject, proof)
        for account in tries:
            self.throttle.succeeded(account, address)

    def testify(self, owner: Owner, statement: Statement, upstream: str) -> None:
        """Take another provider's word, which has passed every check, for who somebody is.

        Raises NotOffered, InvalidIdentifier, AnotherNumber, HeldByAnother, NoMatch for a name that cannot be one.
        """
        if not self.is_for(owner):
            raise NotOffered
        subject, name = parse("citizen-number", statement.number), statement.name.strip()
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise NoMatch
        if owner.reference not in (None, subject):
            raise AnotherNumber
        proof = self._proof(owner, statement.level, Method.UPSTREAM, upstream, statement.digest)
        self._record(owner, name, subject, proof)

    def _proof(self, owner: Owner, level: int, method: Method, verifier: str, evidence: bytes) -> Proofing:
        clock = self.changes.clock
        made = new_id("prf", clock, self.changes.entropy)
        return Proofing(made, owner.person.id, level, method, clock.now(), verifier, evidence)

    def _record(self, owner: Owner, name: str, subject: SubjectRef, proof: Proofing) -> None:
        def change(connection: Connection) -> None:
            attach(connection, self.vault, owner.person.id, name, subject)
            proofings.add(connection, proof)

        facts: dict[str, JSON] = {
            "proofing": proof.id,
            "level": proof.level,
            "method": proof.method.value,
            "verifier": proof.verifier,
            "evidence": None if proof.evidence is None else proof.evidence.hex(),
        }
        level, known = str(max(proof.level, owner.person.assurance)), replace(owner, reference=subject)
        self.changes.make(known, "IdentityProven", change, told.IDENTITY_PROVEN, facts, level=level)


def attach(connection: Connection, vault: PersonVault, person_id: str, name: str, subject: SubjectRef) -> None:
    """Give an account the name and the number that were proven. Raises HeldByAnother, AnotherNumber.

    The log's head is locked before this: two accounts that claim one number at once take turns.
    """
    refuse_another(connection, vault, person_id, subject)
    sealed, index = vault.seal_subject(person_id, people.data_key(connection, person_id), subject)
    people.identify(connection, person_id, name, sealed, index)


def refuse_another(connection: Connection, vault: PersonVault, person_id: str, subject: SubjectRef) -> None:
    """Raises AnotherNumber, HeldByAnother."""
    before, index = people.sealed(connection, person_id), vault.index(subject)
    if before.subject_index is not None and bytes(before.subject_index) != index:
        raise AnotherNumber
    if people.holder(connection, index) not in (None, person_id):
        raise HeldByAnother
