"""Certificates for tests: an authority, clients of it, self-signed ones; and the header a proxy would send."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from idp.clients import certificates
from kernel.jose import jwk
from tests.doubles.identity_provider import START

PROXY = "192.0.2.10"
DAY = timedelta(days=1)


@dataclass
class Certificate:
    """A certificate with its key."""

    key: ec.EllipticCurvePrivateKey
    x509: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.x509.public_bytes(Encoding.DER)

    @property
    def thumbprint(self) -> str:
        return certificates.thumbprint(self.der)

    @property
    def header(self) -> dict[str, str]:
        """RFC 9440 §2.1."""
        return {"Client-Cert": f":{base64.b64encode(self.der).decode()}:"}

    @property
    def jwk(self) -> dict[str, Any]:
        """The key with its certificate (RFC 7517 §4.7)."""
        return {**jwk.p256_jwk(self.key.public_key()), "x5c": [base64.b64encode(self.der).decode()]}


@dataclass
class Authority:
    """An authority that issues clients' certificates."""

    own: Certificate

    @classmethod
    def make(cls, name: str = "Departments CA", **changes: Any) -> Authority:
        return cls(certificate(name, authority=True, **changes))

    def issue(self, name: str = "market", **changes: Any) -> Certificate:
        return certificate(name, issuer=self.own, **changes)

    def write(self, folder: Path) -> Path:
        path = folder / "authorities.pem"
        path.write_bytes(self.own.x509.public_bytes(Encoding.PEM))
        return path


def certificate(
    name: str,
    *,
    issuer: Certificate | None = None,
    authority: bool = False,
    names: Sequence[x509.GeneralName] = (),
    use: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.CLIENT_AUTH,
    begins: timedelta = -DAY,
    ends: timedelta = DAY,
    organisation: str = "Market regulation",
) -> Certificate:
    """A certificate, self-signed without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.x509.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START + begins)
        .not_valid_after(START + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    if use is not None and not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    return Certificate(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))
