"""A business register over HTTP, and the port it stands behind.

Question: ``{"number": …, "code": …}``, the person's citizen number and the entity's unified social credit code. Answer,
with status 200: ``{"match": true, "reference": "…", "name": "…"}``, or ``{"match": false}``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from idp.proofing.register_client import LONGEST_REFERENCE, ask
from idp.proofing.verifier import VerifierUnavailable
from kernel.canonical import JSON
from kernel.identifiers import SocialCreditCode
from kernel.identifiers.subject import SubjectRef
from kernel.outbound import OutboundClient

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Represented:
    """The register knows this person as the entity's legal representative. ``name`` is the entity's."""

    reference: str = field(repr=False)
    name: str = field(repr=False)


class EntityVerifier(Protocol):
    """Asks who represents an entity. The laws are those of `Verifier`: a wrong person and an unknown code are one
    answer (None), it ends within a bounded time, and what it raises names neither of them."""

    @property
    def name(self) -> str:
        """As it stands beside the proof."""
        ...

    def represents(self, person: SubjectRef, entity: SocialCreditCode) -> Represented | None:
        """Whether the person is its legal representative today. Raises VerifierUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class BusinessRegister:
    """The register the operator named."""

    address: str
    name: str = "business-register"
    client: OutboundClient = field(default_factory=OutboundClient)

    def represents(self, person: SubjectRef, entity: SocialCreditCode) -> Represented | None:
        """Whether the person is its legal representative today. Raises VerifierUnavailable."""
        return _represented(ask(self.client, self.address, {"number": person.value, "code": entity.value}))


def _represented(answer: JSON) -> Represented | None:
    """Read strictly: anything but a plain yes with reference and name, or a plain no, is no answer."""
    members = answer if isinstance(answer, dict) else {}
    if members.get("match") is False:
        return None
    reference, name = members.get("reference"), members.get("name")
    good = (
        members.get("match") is True
        and isinstance(reference, str)
        and 0 < len(reference) <= LONGEST_REFERENCE
        and isinstance(name, str)
        and 0 < len(name) <= _LONGEST_NAME
        and name.isprintable()
    )
    if not good:
        raise VerifierUnavailable("the register did not answer as it should")
    return Represented(str(reference), str(name))
