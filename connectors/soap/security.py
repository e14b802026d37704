"""What we say of ourselves in a request: WS-Addressing 1.0 number, WS-Security 1.1 name and password, and a signature
over all of it, the body and the time.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from connectors.adapters import Opening
from connectors.errors import SourceMisconfigured
from connectors.soap.settings import SoapSettings, UsernameToken
from connectors.xml import Element
from kernel.clock import Clock

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE = _OASIS + "wssecurity-secext-1.0.xsd"
WSU = _OASIS + "wssecurity-utility-1.0.xsd"
ID = f"{{{WSU}}}Id"
WSA = "http://www.w3.org/2005/08/addressing"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_PASSWORD = _OASIS + "username-token-profile-1.0#Password"
_BASE64 = _OASIS + "soap-message-security-1.0#Base64Binary"
_X509 = _OASIS + "x509-token-profile-1.0#X509v3"
_LIFETIME = timedelta(minutes=5)
_BODY, _TIMESTAMP, _TOKEN, _CERTIFICATE = "tongban-body", "tongban-time", "tongban-name", "tongban-certificate"
_LEAST_RSA_BITS = 2048


class Signer:
    """A private key with its certificate, and signatures by it."""

    def __init__(self, pem: str) -> None:
        """Raises: SourceMisconfigured unless the text holds a key we sign with and the certificate of it."""
        self._key, self._certificate = _key_and_certificate(pem.encode())
        kind = "ECDSA_SHA256" if isinstance(self._key, EllipticCurvePrivateKey) else "RSA_SHA256"
        self._method = SignatureMethod[kind]

    def sign(self, envelope: Element, security: Element, references: list[str]) -> None:
        """Append our certificate and a signature over the elements with these identifiers (WS-Security 1.1 §8)."""
        token = _child(security, WSSE, "BinarySecurityToken", self._der(), EncodingType=_BASE64, ValueType=_X509)
        token.set(ID, _CERTIFICATE)
        signer = XMLSigner(
            method=SignatureConstructionMethod.detached,
            signature_algorithm=self._method,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        made = signer.sign(
            envelope, key=self._key, reference_uri=[f"#{name}" for name in references], key_info=_key_info()
        )
        security.append(made)

    def _der(self) -> str:
        return base64.b64encode(self._certificate.public_bytes(Encoding.DER)).decode("ascii")


class Security:
    """Adds to each request what a manifest declares; nothing where it declares nothing."""

    def __init__(self, settings: SoapSettings, opening: Opening) -> None:
        """Raises: SourceMisconfigured where a secret cannot be used."""
        self._token = settings.token
        self._addressing = settings.addressing
        self._password = opening.secret(settings.token.secret).strip("\r\n") if settings.token else ""
        self._signer = Signer(opening.secret(settings.sign_with)) if settings.sign_with else None
        self._clock = opening.clock
        self._entropy = opening.entropy
        if settings.token and not self._password:
            raise SourceMisconfigured("secret-unusable")

    def secure(self, envelope: Element, address: str, action: str) -> str:
        """Add the headers to a request to an address; the request's number, "" for none."""
        soap = etree.QName(envelope).namespace or ""
        number, references = self._numbered(envelope, soap, address, action) if self._addressing else ("", [])
        if self._token is not None or self._signer is not None:
            self._secured(envelope, soap, references)
        return number

    def _numbered(self, envelope: Element, soap: str, address: str, action: str) -> tuple[str, list[str]]:
        """WS-Addressing 1.0 core §3.2: what is asked of whom, and by which number."""
        number = uuid.UUID(bytes=self._entropy.bytes(16), version=4).urn
        said = {"Action": action, "To": address, "MessageID": number}
        header = _header(envelope, soap)
        for name, text in said.items():
            _child(header, WSA, name, text).set(ID, f"tongban-{name}")
        return number, [f"tongban-{name}" for name in said]

    def _secured(self, envelope: Element, soap: str, references: list[str]) -> None:
        security = _child(_header(envelope, soap), WSSE, "Security")
        security.set(f"{{{soap}}}mustUnderstand", "1")
        references += [] if self._token is None else [self._name(security, self._token)]
        if self._signer is not None:
            body = envelope.find(f"{{{soap}}}Body")
            if body is None:
                raise SourceMisconfigured("wsdl")
            body.set(ID, _BODY)
            self._signer.sign(envelope, security, [_BODY, _timestamp(security, self._clock), *references])

    def _name(self, security: Element, token: UsernameToken) -> str:
        """UsernameToken Profile 1.1.1 §3.1."""
        made = _child(security, WSSE, "UsernameToken")
        made.set(ID, _TOKEN)
        nonce, created = self._entropy.bytes(16), _instant(self._clock.now())
        _child(made, WSSE, "Username", token.username)
        if token.digest:
            digest = hashlib.sha1(nonce + created.encode() + self._password.encode()).digest()  # noqa: S324 - the profile's
            _child(made, WSSE, "Password", base64.b64encode(digest).decode("ascii"), Type=_PASSWORD + "Digest")
        else:
            _child(made, WSSE, "Password", self._password, Type=_PASSWORD + "Text")
        _child(made, WSSE, "Nonce", base64.b64encode(nonce).decode("ascii"), EncodingType=_BASE64)
        _child(made, WSU, "Created", created)
        return _TOKEN


def _header(envelope: Element, soap: str) -> Element:
    found = envelope.find(f"{{{soap}}}Header")
    if found is None:
        found = etree.Element(f"{{{soap}}}Header")
        envelope.insert(0, found)
    return found


def _timestamp(security: Element, clock: Clock) -> str:
    """WS-Security 1.1 §10."""
    made = _child(security, WSU, "Timestamp")
    made.set(ID, _TIMESTAMP)
    now = clock.now()
    _child(made, WSU, "Created", _instant(now))
    _child(made, WSU, "Expires", _instant(now + _LIFETIME))
    return _TIMESTAMP


def _key_info() -> Element:
    """Where the certificate stands (X.509 Token Profile 1.1 §3.2)."""
    info = etree.Element(f"{{{_DS}}}KeyInfo", nsmap={"ds": _DS})
    reference = _child(info, WSSE, "SecurityTokenReference")
    _child(reference, WSSE, "Reference", URI=f"#{_CERTIFICATE}", ValueType=_X509)
    return info


def _child(parent: Element, namespace: str, name: str, text: str | None = None, **attributes: str) -> Element:
    prefixes = {"wsse": WSSE, "wsu": WSU, "wsa": WSA}
    made = etree.SubElement(parent, f"{{{namespace}}}{name}", attrib=attributes, nsmap=prefixes)
    made.text = text
    return made


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _key_and_certificate(pem: bytes) -> tuple[Any, Certificate]:
    try:
        key, certificate = load_pem_private_key(pem, password=None), load_pem_x509_certificate(pem)
    except (ValueError, TypeError):
        raise SourceMisconfigured("secret-unusable") from None
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    known = isinstance(key, EllipticCurvePrivateKey) or (
        isinstance(key, RSAPrivateKey) and key.key_size >= _LEAST_RSA_BITS
    )
    if not known or key.public_key().public_bytes(*spki) != certificate.public_key().public_bytes(*spki):
        raise SourceMisconfigured("secret-unusable")
    return key, certificate
