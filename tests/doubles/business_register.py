"""A business register on paper."""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.proofing.business_register import Represented
from idp.proofing.verifier import VerifierUnavailable
from kernel.identifiers import SocialCreditCode
from kernel.identifiers.subject import SubjectRef


@dataclass
class PaperBusinesses:
    """Citizen number and name of the entity, by its code. Silent when it is told to be."""

    entries: dict[str, tuple[str, str]] = field(default_factory=dict)
    silent: bool = False
    name: str = "paper-businesses"

    def represents(self, person: SubjectRef, entity: SocialCreditCode) -> Represented | None:
        if self.silent:
            raise VerifierUnavailable("nobody answers")
        number, name = self.entries.get(entity.value, ("", ""))
        return Represented("licence-17", name) if number == person.value else None
