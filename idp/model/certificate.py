"""What of a TLS client certificate a client registers, to be known by it (RFC 8705 §2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CertificateName(StrEnum):
    """Where in the certificate the client's name stands, by its registered metadata member (RFC 8705 §2.1.2)."""

    SUBJECT_DN = "tls_client_auth_subject_dn"
    SAN_DNS = "tls_client_auth_san_dns"
    SAN_URI = "tls_client_auth_san_uri"
    SAN_IP = "tls_client_auth_san_ip"
    SAN_EMAIL = "tls_client_auth_san_email"


@dataclass(frozen=True, slots=True)
class CertificateRule:
    """The one name a client's certificate has to bear. ``value`` is canonical, so that comparing is exact."""

    name: CertificateName
    value: str
