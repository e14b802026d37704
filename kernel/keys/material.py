"""Key material: made from the given entropy, parsed once, and matched with the manifest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kernel import jose
from kernel.canonical import JSON
from kernel.entropy import Entropy
from kernel.jose import base64url

from .errors import KeyRingDamaged
from .model import ASYMMETRIC, KeyRecord, Line, Purpose

_SECRET_BYTES = 32
_LABEL_BYTES = 10


@dataclass(frozen=True, slots=True)
class LogSigner:
    """Signs the checkpoints of a log with Ed25519; the note format around the signature belongs to the ledger."""

    public_key: bytes  # 32 raw bytes (RFC 8032 §5.1.5)
    _private: Ed25519PrivateKey = field(repr=False, compare=False)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of exactly these bytes."""
        return self._private.sign(message)


Material = jose.SigningKey | jose.DecryptionKey | LogSigner | bytes


def generate(line: Line, entropy: Entropy) -> dict[str, JSON]:
    """A fresh private JWK for `line`, with its `kid`.

    Asymmetric keys are named by their RFC 7638 thumbprint. A secret is named by a random label: its thumbprint
    would be a hash of the secret.
    """
    if line.purpose in ASYMMETRIC:
        private = _GENERATORS[line.alg](entropy)
        return {**private, "kid": jose.thumbprint(private)}
    label = base64url.encode(entropy.bytes(_LABEL_BYTES))
    return {"kty": "oct", "k": base64url.encode(entropy.bytes(_SECRET_BYTES)), "kid": f"{line.purpose}.{label}"}


_GENERATORS: Mapping[str, Callable[[Entropy], Mapping[str, JSON]]] = {
    "ES256": jose.generate_p256,
    "ECDH-ES": jose.generate_p256,
    "EdDSA": jose.generate_ed25519,
    "Ed25519": jose.generate_ed25519,
    "PS256": lambda _entropy: jose.generate_rsa(),
    "RS256": lambda _entropy: jose.generate_rsa(),
}
_PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e")


def public_half(purpose: Purpose, private: Mapping[str, JSON]) -> Mapping[str, JSON] | None:
    """The public JWK to publish; None for secrets."""
    if purpose not in ASYMMETRIC:
        return None
    return MappingProxyType({name: private[name] for name in _PUBLIC_MEMBERS if name in private})


def parse(record: KeyRecord, private: Mapping[str, JSON]) -> Material:
    """The typed key of `record`; raises KeyRingDamaged unless the file holds exactly the key the manifest names."""
    if private.get("kid") != record.kid or public_half(record.purpose, private) != record.public:
        raise KeyRingDamaged(f"the file of the {record.purpose} key {record.kid} holds another key")
    try:
        return _parse(record, private)
    except ValueError:
        raise KeyRingDamaged(f"the file of the {record.purpose} key {record.kid} holds no such key") from None


def _parse(record: KeyRecord, private: Mapping[str, JSON]) -> Material:
    if record.purpose is Purpose.JWS:
        return jose.SigningKey.from_private_jwk(private, record.alg)
    if record.purpose is Purpose.JWE:
        return jose.DecryptionKey.from_private_jwk({**private, "alg": record.alg})
    if record.purpose is Purpose.LOG:
        return _log_signer(private)
    return _secret(private)


def _log_signer(private: Mapping[str, JSON]) -> LogSigner:
    key = jose.ed25519_private(private)
    return LogSigner(key.public_key().public_bytes_raw(), key)


def _secret(private: Mapping[str, JSON]) -> bytes:
    secret = base64url.decode(str(private.get("k", "")))
    if len(secret) != _SECRET_BYTES:
        raise ValueError("a secret has 32 bytes")
    return secret
