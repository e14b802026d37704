"""What holds a token to its holder: a client certificate (RFC 8705) or a key with proofs made in advance (RFC 9449)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from kernel import jose
from kernel.entropy import SystemEntropy
from kernel.jose import base64url
from tests.benchmarks.load import ONCE


class CertificateHolder:
    """A client whose certificate a trusted proxy has verified and passes on (RFC 9440)."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark-system")])
        now = datetime.now(UTC)
        built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        built = built.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        self._der = built.not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)

    @property
    def confirmation(self) -> Mapping[str, str]:
        """The ``cnf`` claim."""
        return {"x5t#S256": base64url.encode(hashlib.sha256(self._der).digest())}

    def headers(self, access_token: str) -> tuple[tuple[str, str], ...]:
        """What every request carries."""
        certificate = f":{base64.b64encode(self._der).decode()}:"
        return ("Authorization", f"Bearer {access_token}"), ("Client-Cert", certificate)


class ProofHolder:
    """A client that proves its key anew with each request."""

    def __init__(self) -> None:
        private = jose.generate_p256(SystemEntropy())
        self._key = jose.SigningKey.from_private_jwk(private, "ES256")
        self._public = {name: private[name] for name in ("kty", "crv", "x", "y")}

    @property
    def confirmation(self) -> Mapping[str, str]:
        """The ``cnf`` claim."""
        return {"jkt": jose.thumbprint(self._public)}

    def headers(self, access_token: str) -> tuple[tuple[str, str], ...]:
        """What every request carries; the proof's place is marked."""
        return ("Authorization", f"DPoP {access_token}"), ("DPoP", ONCE)

    def proofs(self, count: int, *, method: str, url: str, access_token: str = "") -> Sequence[str]:
        """So many proofs, each for one request, made now: they are taken for a minute. Without a token: to get one."""
        entropy, now, shown = SystemEntropy(), datetime.now(UTC), access_token or None
        made = (jose.proof_claims(method, url, now=now, entropy=entropy, access_token=shown) for _ in range(count))
        return [jose.prove(claims, self._key) for claims in made]
