"""Our certificate and its key for mutual TLS, out of one secret; they stay in memory, never in a file of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificates

from connectors.errors import SourceMisconfigured


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate with those that vouch for it, and its private key, each as PEM."""

    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)

    @classmethod
    def parse(cls, pem: str) -> Self:
        """Certificate and key from one PEM text, the certificate of the key first. Raises: SourceMisconfigured."""
        data = pem.encode()
        try:
            certificates = load_pem_x509_certificates(data)
            key = load_pem_private_key(data, password=None)
        except (ValueError, TypeError):
            raise SourceMisconfigured("client-certificate") from None
        form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if certificates[0].public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
            raise SourceMisconfigured("client-certificate-of-another-key")
        chain = b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
        return cls(chain, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
