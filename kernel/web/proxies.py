"""What a trusted proxy says about the caller: address and client certificate. From anyone else it is ignored."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kernel.web.headers import Environ, variable

_MAX_CERTIFICATE = 16_384  # characters; a leaf certificate is below 4 KB


class TrustedProxies:
    """The networks whose forwarding headers are believed; empty means none."""

    def __init__(self, networks: Sequence[str] = (), certificate_header: str = "client-cert") -> None:
        """Networks in CIDR form. Raises ValueError for one that is none.

        `certificate_header` is the one header in which the proxy puts the client's certificate; the proxy must remove
        it from what clients send, underscore spellings included.
        """
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(network) for network in networks)
        self._certificate_variable = variable(certificate_header.lower())
        self._known = lru_cache(maxsize=1024)(self._is_inside)  # a proxy is asked about several times a request

    def trusts(self, address: str) -> bool:
        """Whether `address` is a trusted proxy."""
        return bool(self._networks) and self._known(address)

    def _is_inside(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)

    def caller(self, environ: Environ) -> str:
        """The caller's address: the right-most one that no trusted proxy vouches to be itself a trusted proxy."""
        address: str = environ.get("REMOTE_ADDR", "")
        hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if self.trusts(address) else []
        while hops and self.trusts(address):
            address = hops.pop().strip() or address
        return address

    def client_certificate(self, environ: Environ) -> bytes | None:
        """DER of the certificate the proxy has verified; None when there is none or the sender is not trusted."""
        value = environ.get(self._certificate_variable)
        if not value or not self.trusts(environ.get("REMOTE_ADDR", "")):
            return None
        return decode_certificate(value)


@lru_cache(maxsize=256)  # a caller sends the same one with every request
def decode_certificate(value: str) -> bytes | None:
    """DER from a header value: RFC 9440 §2.1 `:base64:`, or percent-encoded PEM; None when it is neither."""
    if len(value) > _MAX_CERTIFICATE:
        return None
    try:
        if value.startswith(":") and value.endswith(":"):
            certificate = x509.load_der_x509_certificate(base64.b64decode(value[1:-1], validate=True))
        else:
            certificate = x509.load_pem_x509_certificate(unquote(value).encode("ascii"))
    except (binascii.Error, ValueError, x509.InvalidVersion):
        return None
    return certificate.public_bytes(Encoding.DER)
