"""TLS client certificates (RFC 8705), as the trusted proxy handed them over: whose they are, and whether they count.

The handshake proves possession of the key, and the proxy passes the certificate on (RFC 9440). What the certificate is
worth is judged here, because one listener serves both methods: with self-signed clients the proxy cannot insist on a
chain, so a chain is believed only when this provider has followed it to its own authorities. An authority issues
directly: intermediate ones are listed beside their roots. Revocation lists are the proxy's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from idp.model.certificate import CertificateName, CertificateRule
from idp.model.client import AuthMethod
from kernel.jose import base64url

_CLIENT_USES = frozenset({ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})
_UNREADABLE = (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
"""What reading extensions raises beside `ExtensionNotFound`; a handshake does not look into them (RFC 5280 §4.2)."""


def thumbprint(der: bytes) -> str:
    """`x5t#S256` (RFC 8705 §3.1, RFC 7515 §4.1.8)."""
    return base64url.encode(hashlib.sha256(der).digest())


def current_thumbprint(der: bytes | None, now: datetime) -> str | None:
    """The thumbprint of a certificate within its validity; None for an expired one, and without one (D5)."""
    if der is None or not is_current(x509.load_der_x509_certificate(der), now):
        return None
    return thumbprint(der)


def is_current(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether a certificate is within its validity (RFC 5280 §4.1.2.5)."""
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def bears(certificate: x509.Certificate, rule: CertificateRule) -> bool:
    """Whether a certificate bears the registered name, compared exactly (RFC 8705 §2.1.2)."""
    try:
        return rule.value in _NAMES[rule.name](certificate)
    except (*_UNREADABLE, x509.ExtensionNotFound):  # a malformed extension names nobody
        return False


def canonical_name(name: CertificateName, text: str) -> str:
    """The registered name in the one spelling it is compared in. Raises ValueError."""
    if name is CertificateName.SUBJECT_DN:
        canonical = x509.Name.from_rfc4514_string(text).rfc4514_string()  # RFC 4514
    elif name is CertificateName.SAN_IP:
        canonical = str(ip_address(text))  # RFC 8705 §2.1.2: RFC 5952 form of IPv6
    else:
        canonical = text
    if not canonical or canonical != canonical.strip():
        raise ValueError(f"{name.value} is empty or has blanks around it")
    return canonical


class Authorities:
    """The certification authorities whose word about a client's name is taken (PKI method, RFC 8705 §2.1)."""

    def __init__(self, certificates: Sequence[x509.Certificate]) -> None:
        self._certificates = tuple(certificates)

    @classmethod
    def load(cls, bundle: Path) -> Authorities:
        """From a file of PEM certificates. Raises OSError, ValueError."""
        return cls(x509.load_pem_x509_certificates(bundle.read_bytes()))

    def vouch_for(self, certificate: x509.Certificate, now: datetime) -> bool:
        """Whether one of them issued this certificate for use by a client, and both are valid now (RFC 5280 §6)."""
        if not is_current(certificate, now) or not _is_for_clients(certificate):
            return False
        return any(_is_authority(each, now) and _issued(each, certificate) for each in self._certificates)


def _issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _is_authority(certificate: x509.Certificate, now: datetime) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (*_UNREADABLE, x509.ExtensionNotFound):
        return False
    return constraints.ca and is_current(certificate, now)


def _is_for_clients(certificate: x509.Certificate) -> bool:
    """RFC 5280 §4.2.1.12: a server's certificate is nobody's client certificate."""
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    except _UNREADABLE:
        return False
    return not _CLIENT_USES.isdisjoint(uses)


def _alternative(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


_NAMES: dict[CertificateName, Callable[[x509.Certificate], Sequence[str]]] = {
    CertificateName.SUBJECT_DN: lambda certificate: [certificate.subject.rfc4514_string()],
    CertificateName.SAN_DNS: lambda certificate: _alternative(certificate).get_values_for_type(x509.DNSName),
    CertificateName.SAN_URI: lambda certificate: _alternative(certificate).get_values_for_type(
        x509.UniformResourceIdentifier
    ),
    CertificateName.SAN_IP: lambda certificate: [
        str(address) for address in _alternative(certificate).get_values_for_type(x509.IPAddress)
    ],
    CertificateName.SAN_EMAIL: lambda certificate: _alternative(certificate).get_values_for_type(x509.RFC822Name),
}


@dataclass(frozen=True, slots=True)
class TlsOffer:
    """What of RFC 8705 is switched on: nothing without a trusted proxy, the PKI method only with authorities."""

    certificates: bool = False
    authorities: bool = False
    origin: str = ""

    @property
    def methods(self) -> tuple[AuthMethod, ...]:
        """The ways of client authentication that can succeed as this provider is set up."""
        possible = {
            AuthMethod.SELF_SIGNED_TLS: self.certificates,
            AuthMethod.TLS: self.certificates and self.authorities,
        }
        return tuple(method for method in AuthMethod if possible.get(method, True))
