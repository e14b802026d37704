"""A civil register over HTTP: one address, a JSON question by POST, a JSON answer.

Question: ``{"name": …, "number": …}``. Answer, with status 200: ``{"match": true, "reference": "…"}``, or
``{"match": false}``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.proofing.register_client import LONGEST_REFERENCE, ask
from idp.proofing.verifier import Match, VerifierUnavailable
from kernel.canonical import JSON
from kernel.identifiers.subject import SubjectRef
from kernel.outbound import OutboundClient


@dataclass(frozen=True, slots=True)
class CivilRegister:
    """The register the operator named."""

    address: str
    name: str = "civil-register"
    client: OutboundClient = field(default_factory=OutboundClient)

    def match(self, name: str, subject: SubjectRef) -> Match | None:
        """Whether name and number belong together. Raises VerifierUnavailable."""
        return _match(ask(self.client, self.address, {"name": name, "number": subject.value}))


def _match(answer: JSON) -> Match | None:
    """Read strictly: anything but a plain yes with a reference, or a plain no, is no answer."""
    if isinstance(answer, dict) and answer.get("match") is False:
        return None
    reference = answer.get("reference") if isinstance(answer, dict) and answer.get("match") is True else None
    if not isinstance(reference, str) or not 0 < len(reference) <= LONGEST_REFERENCE:
        raise VerifierUnavailable("the register did not answer as it should")
    return Match(reference)
