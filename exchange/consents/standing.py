"""In whose name somebody stands before a consent: their own, a minor's whose guardian they are, or a company's.

A guardianship counts as far as a record of this very person proves it in the case in which the minor's consent was
asked for; a mandate as the identity provider states it, in its matters and while it lasts (ADR 0028, 0039, 0062).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import orjson

from exchange import errors
from exchange.access import Access
from exchange.authentication.access_token import Mandate
from exchange.authentication.tokens import Caller
from exchange.gateway.parties import CITIZEN
from exchange.store import consents
from exchange.store.consents import GUARDIAN, SELF, Answerer, Artefact, Reader
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.identifiers.masking import Mask, mask
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.log import Ledger
from kernel.problems import Problem

REQUESTED, GIVEN = "ConsentRequested", "ConsentGiven"
MINOR = "minor"
"""Somebody under age before what only their guardian answers: they may read it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands before a consent, and for whom. ``name`` is how the company is called, where the mandate says so."""

    subject: SubjectRef = field(repr=False)
    by: Answerer
    name: str = field(default="", repr=False)

    @property
    def acting(self) -> bool:
        """Whether they answer for somebody else."""
        return self.by.capacity not in {SELF, MINOR}

    def members(self) -> dict[str, JSON]:
        """In what capacity, and for whom, as they may read it: of a person no more than the ends of the number."""
        if not self.acting:
            return {"capacity": self.by.capacity, "principal": None, "name": None}
        return {"capacity": self.by.capacity, "principal": shown(self.subject), "name": self.name or None}


def shown(subject: SubjectRef) -> str:
    """A company's code, or the ends of somebody's number."""
    return mask(Mask.NUMBER, subject.value) if subject.scheme == CITIZEN else subject.value


def answered_by_others(subject: SubjectRef, *, guarded: bool) -> bool:
    """Whether somebody else answers for them: of an adult, who says their own number, none is kept."""
    return guarded or subject.scheme != CITIZEN


def kept_subject(subject: SubjectRef) -> bytes:
    """What is kept beside the entry that asks, under the key of whom it is about: guardians do not say the number."""
    return orjson.dumps({"scheme": subject.scheme, "value": subject.value})


def asked_about(ledger: Ledger, artefact: Artefact) -> SubjectRef | None:
    """Whom it is about, where others answer for them; None once they were erased."""
    entry = ledger.find(artefact.id, "", REQUESTED)
    kept = None if entry is None else ledger.open_payload(entry.index)
    if kept is None:
        return None
    said = orjson.loads(kept)
    return SubjectRef(said["scheme"], said["value"])


@dataclass(frozen=True)
class Standings:
    """Finds out who stands before what. Safe for threads."""

    access: Access
    ledger: Ledger
    clock: Clock

    def reader(self, caller: Caller, person: SubjectRef) -> Reader:
        """Whose consents somebody may look at now."""
        indexes, mandate = self.access.indexes, self.mandate(caller)
        own = Reader(indexes.of(person))
        return (
            own if mandate is None else replace(own, company=indexes.of(mandate.company), matters=mandate.service_items)
        )

    def mandate(self, caller: Caller) -> Mandate | None:
        """By which they act for a company now: in force, and such that its end would be told."""
        mandate = caller.token.mandate
        lives = mandate is not None and self.clock.now().timestamp() < mandate.expires_at
        return mandate if mandate is not None and lives and mandate.reference else None

    def before(self, artefact: Artefact, caller: Caller, person: SubjectRef) -> Standing:
        """In whose name somebody stands before it. Raises Problem (consent.unknown): another's looks like none."""
        found = self.find(artefact, caller, person)
        if found is None:
            raise Problem(errors.CONSENT_UNKNOWN)
        return found

    def find(self, artefact: Artefact, caller: Caller, person: SubjectRef) -> Standing | None:
        """In whose name somebody stands before it; None where in nobody's, and where the ward was erased."""
        index = self.access.indexes.of(person)
        if artefact.subject == index:
            return Standing(person, Answerer(index, MINOR if artefact.guarded else SELF))
        return self._for_company(artefact, caller, index) or self._for_ward(artefact, index)

    def _for_company(self, artefact: Artefact, caller: Caller, index: bytes) -> Standing | None:
        mandate = self.mandate(caller)
        if mandate is None or artefact.subject != self.access.indexes.of(mandate.company):
            return None
        if not mandate.covers(artefact.terms.service_item, self.clock.now().timestamp()):
            return None
        until = datetime.fromtimestamp(mandate.expires_at, UTC)
        return Standing(mandate.company, Answerer(index, mandate.capacity, mandate.reference, until), mandate.name)

    def _for_ward(self, artefact: Artefact, index: bytes) -> Standing | None:
        if not artefact.guarded or self.clock.now() >= artefact.terms.not_after:
            return None
        with self.access.database.read() as connection:
            if not consents.is_guardian(connection, index, artefact):
                return None
        ward = asked_about(self.ledger, artefact)
        return None if ward is None else Standing(ward, Answerer(index, GUARDIAN))
