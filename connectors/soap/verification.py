"""Answers that must be signed: by a pinned certificate, over the body that is read, just now (WS-Security 1.1 §8).

Signature wrapping moves what was signed aside and puts something else where a reader looks. Here the reader looks at
nothing but what was signed: an envelope is made anew around the signed body. Where the document is not simply laid out
(one security header, one signature, identifiers that name one element each, body and time where they belong) it is
refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from connectors.errors import SourceGarbled, SourceMisconfigured
from connectors.soap.security import ID, WSA, WSSE, WSU
from connectors.xml import Element
from kernel.clock import Clock

_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_RELATES = f"{{{WSA}}}RelatesTo"
_METHODS = frozenset(
    method
    for method in SignatureMethod
    if method.name.startswith(("RSA_SHA", "ECDSA_SHA", "SHA"))
    and method.name.split("_")[-1] in {"SHA256", "SHA384", "SHA512"}
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_IDENTIFIERS = frozenset({"Id", "ID", "id"})
_SKEW = timedelta(minutes=5)
"""How far the service's clock may be from ours, and how old an answer may be (WS-Security 1.1 §10)."""


class Verifier:
    """Checks signed answers."""

    def __init__(self, signed_by: str, clock: Clock) -> None:
        """Raises: SourceMisconfigured where the file holds no certificates."""
        try:
            self._certificates = load_pem_x509_certificates(Path(signed_by).read_bytes())
        except (OSError, ValueError):
            raise SourceMisconfigured("certificates") from None
        self._clock = clock

    def verified(self, envelope: Element, number: str) -> Element:
        """An envelope with the signed body and nothing else. Raises: SourceGarbled.

        With a request's number, the answer must say, signed, that it answers that one: none can be played again.
        """
        soap = etree.QName(envelope).namespace or ""
        security, body = _laid_out(envelope, soap)
        signed = self._signed(envelope, soap)
        signed_body = _the(signed, f"{{{soap}}}Body", body)
        timestamp = security.find(f"{{{WSU}}}Timestamp")
        if timestamp is None:
            raise SourceGarbled("signature-time")
        _check_time(_the(signed, f"{{{WSU}}}Timestamp", timestamp), self._clock.now())
        if number:
            relates = envelope.find(f"{{{soap}}}Header/{_RELATES}")
            if relates is None or not answers(_the(signed, _RELATES, relates), number):
                raise SourceGarbled("signature-of-another-answer")
        made = etree.Element(f"{{{soap}}}Envelope")
        made.append(signed_body)
        return made

    def _signed(self, envelope: Element, soap: str) -> Sequence[Element]:
        """The elements that one of the certificates signed, as they were signed."""
        expected = SignatureConfiguration(
            location=f"./{{{soap}}}Header/{{{WSSE}}}Security/",
            expect_references=False,  # any number: each is looked at by what it is
            signature_methods=_METHODS,
            digest_algorithms=_DIGESTS,
            verification_time=self._clock.now(),
        )
        for certificate in self._certificates:
            found = _by(certificate, envelope, expected)
            if found is not None:
                return found
        raise SourceGarbled("signature")


def contradicts(envelope: Element, number: str) -> bool:
    """Whether an answer says that it answers another request."""
    relates = next(envelope.iter(_RELATES), None)
    return bool(number) and relates is not None and not answers(relates, number)


def answers(relates: Element, number: str) -> bool:
    """Whether a ``RelatesTo`` (WS-Addressing 1.0 core §3.1) names this request."""
    return (relates.text or "").strip() == number


def _by(certificate: Certificate, envelope: Element, expected: SignatureConfiguration) -> Sequence[Element] | None:
    try:
        results = XMLVerifier().verify(envelope, x509_cert=certificate, expect_config=expected)
    except (SignXMLException, etree.LxmlError, ValueError, TypeError, LookupError, AttributeError):
        return None
    each = results if isinstance(results, list) else [results]
    return [result.signed_xml for result in each if result.signed_xml is not None]


def _laid_out(envelope: Element, soap: str) -> tuple[Element, Element]:
    """The security header and the body of an envelope that is laid out so that it can be read in one way only."""
    headers, bodies = envelope.findall(f"{{{soap}}}Header"), envelope.findall(f"{{{soap}}}Body")
    if len(headers) != 1 or len(bodies) != 1 or len(envelope) != 2:
        raise SourceGarbled("signature-layout")
    securities = headers[0].findall(f"{{{WSSE}}}Security")
    if len(securities) != 1 or len(securities[0].findall(_SIGNATURE)) != 1:
        raise SourceGarbled("signature-missing")
    if len(list(envelope.iter(f"{{{soap}}}Body"))) != 1 or len(list(envelope.iter(_SIGNATURE))) != 1:
        raise SourceGarbled("signature-layout")
    named = Counter(
        value for element in envelope.iter() for name, value in element.attrib.items() if _local(name) in _IDENTIFIERS
    )
    if any(count > 1 for count in named.values()):
        raise SourceGarbled("signature-layout")
    return securities[0], bodies[0]


def _the(signed: Sequence[Element], tag: str, stands: Element) -> Element:
    """The signed element of this kind, which must be the one that stands where it belongs."""
    found = [element for element in signed if element.tag == tag]
    if len(found) != 1 or not stands.get(ID) or found[0].get(ID) != stands.get(ID):
        raise SourceGarbled("signature-elsewhere")
    return found[0]


def _check_time(timestamp: Element, now: datetime) -> None:
    created, expires = _instant(timestamp, "Created"), _instant(timestamp, "Expires")
    if created is None or abs(now - created) > _SKEW or (expires is not None and expires + _SKEW < now):
        raise SourceGarbled("signature-time")


def _instant(timestamp: Element, name: str) -> datetime | None:
    text = timestamp.findtext(f"{{{WSU}}}{name}")
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SourceGarbled("signature-time") from None
    if instant.tzinfo is None:
        raise SourceGarbled("signature-time")
    return instant


def _local(name: str | bytes) -> str:
    return etree.QName(name).localname
