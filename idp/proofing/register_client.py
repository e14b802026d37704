"""Asking a register over HTTP: one address the operator named, a JSON question by POST, a JSON answer."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from idp.proofing.verifier import VerifierUnavailable
from kernel.canonical import JSON, MalformedJson, decode, encode
from kernel.outbound import AddressPolicy, OutboundClient, OutboundFailed, OutboundRefused

SECONDS = 5.0
LONGEST_REFERENCE = 200
_ANSWER_BYTES = 16 * 1024


def ask(client: OutboundClient, address: str, question: dict[str, JSON]) -> JSON:
    """The register's answer. Raises VerifierUnavailable, whose text repeats nothing of the question."""
    try:
        answer = client.post(
            address, encode(question), allow=_policy(address), max_bytes=_ANSWER_BYTES, timeout=SECONDS
        )
        if answer.status != HTTPStatus.OK:
            raise VerifierUnavailable(f"the register answered with status {answer.status}")
        return decode(answer.body, max_bytes=_ANSWER_BYTES)
    except (OutboundRefused, OutboundFailed, MalformedJson):
        raise VerifierUnavailable("the register did not answer as it should") from None


def _policy(address: str) -> AddressPolicy:
    """Only the host the operator named, wherever that is; without TLS on this machine alone."""
    parts = urlsplit(address)
    return AddressPolicy(
        schemes=frozenset({parts.scheme}),
        hosts=frozenset({parts.hostname or ""}),
        allow_loopback=parts.scheme == "http",
        allow_private=parts.scheme == "https",
    )
