"""A civil register over HTTP: one address, a JSON question by POST, a JSON answer.

Question: ``{"name": …, "number": …}``. Answer, with status 200: ``{"match": true, "reference": "…"}``, or
``{"match": false}``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from idp.proofing.verifier import Match, VerifierUnavailable
from kernel.canonical import JSON, MalformedJson, decode, encode
from kernel.identifiers.subject import SubjectRef
from kernel.outbound import AddressPolicy, OutboundClient, OutboundFailed, OutboundRefused

SECONDS = 5.0
_ANSWER_BYTES = 16 * 1024
_LONGEST_REFERENCE = 200


@dataclass(frozen=True, slots=True)
class CivilRegister:
    """The register the operator named."""

    address: str
    name: str = "civil-register"
    client: OutboundClient = field(default_factory=OutboundClient)

    def match(self, name: str, subject: SubjectRef) -> Match | None:
        """Whether name and number belong together. Raises VerifierUnavailable."""
        body = encode({"name": name, "number": subject.value})
        try:
            answer = self.client.post(
                self.address, body, allow=self._policy(), max_bytes=_ANSWER_BYTES, timeout=SECONDS
            )
            if answer.status != HTTPStatus.OK:
                raise VerifierUnavailable(f"the register answered with status {answer.status}")
            return _match(decode(answer.body, max_bytes=_ANSWER_BYTES))
        except (OutboundRefused, OutboundFailed, MalformedJson):
            raise VerifierUnavailable("the register did not answer as it should") from None

    def _policy(self) -> AddressPolicy:
        """Only the host the operator named, wherever that is; without TLS on this machine alone."""
        parts = urlsplit(self.address)
        return AddressPolicy(
            schemes=frozenset({parts.scheme}),
            hosts=frozenset({parts.hostname or ""}),
            allow_loopback=parts.scheme == "http",
            allow_private=parts.scheme == "https",
        )


def _match(answer: JSON) -> Match | None:
    """Read strictly: anything but a plain yes with a reference, or a plain no, is no answer."""
    if isinstance(answer, dict) and answer.get("match") is False:
        return None
    reference = answer.get("reference") if isinstance(answer, dict) and answer.get("match") is True else None
    if not isinstance(reference, str) or not 0 < len(reference) <= _LONGEST_REFERENCE:
        raise VerifierUnavailable("the register did not answer as it should")
    return Match(reference)
