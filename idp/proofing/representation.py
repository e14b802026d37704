"""Proving for whom one acts: the business register names somebody as an entity's legal representative.

Only a person whose own number was proven is looked up, and what was found counts for a while, not for ever; whoever is
replaced in the register meanwhile is found out wherever a token would be made (`idp.proofing.watch`, ADR 0028).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection

from idp.authentication import told
from idp.authentication.own_account import NothingThere, OwnChanges, Owner
from idp.authentication.throttling import Throttle
from idp.model.person import PersonKind
from idp.model.proofing import BY_A_REGISTER
from idp.model.representation import LASTS, Capacity, Representation, SealedRepresentation
from idp.proofing import lapse
from idp.proofing.business_register import EntityVerifier, Represented
from idp.proofing.identity import NoMatch, NotOffered
from idp.revocations import Revocations
from idp.store import families, people, representations
from idp.tokens.mandates import PLACE, Mandates
from kernel import canonical
from kernel.canonical import JSON
from kernel.identifiers import SocialCreditCode, social_credit_code
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Representations:
    """Raises TooManyTries, VerifierUnavailable, LedgerUnavailable."""

    mandates: Mandates
    changes: OwnChanges
    register: EntityVerifier | None
    throttle: Throttle
    memory: Revocations

    def offered_to(self, owner: Owner) -> bool:
        """Whether this person can prove here for whom they act: the register knows people by their numbers."""
        person, subject = owner.person, owner.reference
        known = subject is not None and subject.scheme == "citizen-number" and person.assurance >= BY_A_REGISTER
        return self.register is not None and person.kind is PersonKind.NATURAL and known

    def of(self, owner: Owner) -> list[Representation]:
        """For whom this person acts, as a legal representative or an agent."""
        return self.mandates.of(owner.person.id)

    def prove(self, owner: Owner, code: str, address: str) -> None:
        """Ask the register. Raises NotOffered, InvalidIdentifier, NoMatch."""
        register, subject = self.register, owner.reference
        if register is None or subject is None or not self.offered_to(owner):
            raise NotOffered
        entity, tries = social_credit_code.parse(code.strip()), f"representation of {owner.person.id}"
        self.throttle.reserve(tries, address)
        found = register.represents(subject, entity)
        if found is None:
            raise NoMatch
        self._record(owner, entity, register.name, found)
        self.throttle.succeeded(tries, address)

    def end(self, owner: Owner, representation_id: str) -> None:
        """Act for it no longer, with every token that stems from it, at once. Raises NothingThere."""
        person, now = owner.person.id, self.changes.clock.now()

        def change(connection: Connection) -> None:
            try:
                lapse.end(connection, self.changes.notices, representation_id, person, now)
            except lapse.AlreadyOver:
                raise NothingThere from None

        facts: dict[str, JSON] = {"representation": representation_id}
        self.changes.make(owner, "RepresentationEnded", change, told.REPRESENTATION_ENDED, facts)
        self.memory.refreshed()

    def _record(self, owner: Owner, entity: SocialCreditCode, verifier: str, found: Represented) -> None:
        person, changes, vault = owner.person.id, self.changes, self.mandates.vault
        now, evidence = changes.clock.now(), hashlib.sha256(found.reference.encode()).digest()
        made = new_id("rep", changes.clock, changes.entropy)
        index = vault.index(SubjectRef("social-credit-code", entity.value))
        told_by_register = canonical.encode({"code": entity.value, "name": found.name})

        def change(connection: Connection) -> None:
            sealed = vault.seal_more(person, people.data_key(connection, person), told_by_register, PLACE)
            _replace(connection, person, index, self)
            representations.add(
                connection,
                SealedRepresentation(
                    made,
                    person,
                    Capacity.LEGAL_REPRESENTATIVE,
                    index,
                    sealed,
                    verifier,
                    evidence,
                    now,
                    now + LASTS,
                    now,
                ),
            )

        facts: dict[str, JSON] = {
            "representation": made,
            "capacity": Capacity.LEGAL_REPRESENTATIVE.value,
            "verifier": verifier,
            "evidence": evidence.hex(),
            "until": int((now + LASTS).timestamp()),
        }
        changes.make(owner, "RepresentationProven", change, told.REPRESENTATION_PROVEN, facts)
        self.memory.refreshed()


def _replace(connection: Connection, person: str, index: bytes, book: Representations) -> None:
    """One standing proof for one entity: a newer one takes the place of the older, and ends what stems from it.

    Agents stay: they rest on whoever appointed them representing the entity, by whichever proof.
    """
    now = book.changes.clock.now()
    for each in representations.of_person(connection, person, now):
        if each.entity_index == index:
            representations.end(connection, each.id, person, now)
            families.revoke_representation(connection, each.id, now)
