"""Typed keys. Each knows its one algorithm from the day it is registered; nothing in a token can change that.

There is no way from a public key, a PEM or a JWK's text to an HMAC secret here: this module has no symmetric keys.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc.jwk import ECKey

from kernel.canonical import JSON
from kernel.entropy import Entropy

from . import algorithms, jwk
from .errors import InvalidKey

Key = TypeVar("Key")

MAX_KEYS = 64  # of one JWK set: nobody signs with more, and each costs a parsing
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_RSA_BITS, _RSA_EXPONENT = 2048, 65537  # enough for the days a key lives (NIST SP 800-57 part 1 §5.6.1, until 2030)
_EXTRA_RANDOM_BYTES = 48  # 128 bits more than the order: the remainder is uniform (FIPS 186-5 A.2.1)


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public signature key: `kid`, its only algorithm `alg`, and its public JWK."""

    kid: str
    alg: str
    jwk: Mapping[str, JSON] = field(repr=False, compare=False)
    check: algorithms.Verifier = field(repr=False, compare=False)

    @classmethod
    def from_jwk(cls, source: Mapping[str, JSON], alg: str | None = None) -> Self:
        """Registers a public JWK for `alg` (default: its own `alg` member); raises InvalidKey.

        A key without any registered algorithm, for another use, for another algorithm or with private members is
        refused. Without `kid` its RFC 7638 thumbprint is taken.
        """
        registered = _registered_algorithm(source, alg, _VERIFIERS)
        jwk.refuse_private(source)
        _expect_use(source, "sig", "verify")
        check = _VERIFIERS[registered](source)
        kid = _kid(source)
        return cls(kid, registered, _public(source, kid, registered, "sig"), check)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private signature key; prints and compares by `kid` and `alg` only."""

    kid: str
    alg: str
    jwk: Mapping[str, JSON] = field(repr=False, compare=False)
    sign: algorithms.Signer = field(repr=False, compare=False)

    @classmethod
    def from_private_jwk(cls, source: Mapping[str, JSON], alg: str | None = None) -> Self:
        """Parses a private JWK once for `alg` (default: its own `alg` member); raises InvalidKey."""
        registered = _registered_algorithm(source, alg, _SIGNERS)
        _expect_use(source, "sig", "sign")
        sign = _SIGNERS[registered](source)
        kid = _kid(source)
        return cls(kid, registered, _public(source, kid, registered, "sig"), sign)

    def verifying(self) -> VerifyingKey:
        """The public half."""
        return VerifyingKey.from_jwk(self.jwk, self.alg)


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A recipient's public P-256 key for ECDH-ES (RFC 7518 §4.6)."""

    kid: str
    jwk: Mapping[str, JSON] = field(repr=False, compare=False)
    recipient: ECKey = field(repr=False, compare=False)

    @classmethod
    def from_jwk(cls, source: Mapping[str, JSON]) -> Self:
        """Registers a public JWK for ECDH-ES; raises InvalidKey as `VerifyingKey.from_jwk` does."""
        _registered_algorithm(source, ECDH_ES, {ECDH_ES: None})
        jwk.refuse_private(source)
        _expect_use(source, "enc", None)
        jwk.p256_public(source)
        kid = _kid(source)
        return cls(kid, _public(source, kid, ECDH_ES, "enc"), _recipient(source))


@dataclass(frozen=True, slots=True)
class DecryptionKey:
    """A private P-256 key for ECDH-ES; prints and compares by `kid` only."""

    kid: str
    jwk: Mapping[str, JSON] = field(repr=False, compare=False)
    recipient: ECKey = field(repr=False, compare=False)

    @classmethod
    def from_private_jwk(cls, source: Mapping[str, JSON]) -> Self:
        """Parses a private JWK for ECDH-ES; raises InvalidKey."""
        _registered_algorithm(source, ECDH_ES, {ECDH_ES: None})
        _expect_use(source, "enc", None)
        jwk.p256_private(source)
        kid = _kid(source)
        return cls(kid, _public(source, kid, ECDH_ES, "enc"), _recipient(source))

    def encryption(self) -> EncryptionKey:
        """The public half."""
        return EncryptionKey.from_jwk(self.jwk)


ECDH_ES = "ECDH-ES"

_VERIFIERS: Mapping[str, Callable[[Mapping[str, JSON]], algorithms.Verifier]] = {
    "ES256": lambda source: algorithms.es256_verifier(jwk.p256_public(source)),
    "EdDSA": lambda source: algorithms.ed25519_verifier(jwk.ed25519_public(source)),
    "Ed25519": lambda source: algorithms.ed25519_verifier(jwk.ed25519_public(source)),
    "RS256": lambda source: algorithms.rsa_verifier(jwk.rsa_public(source), "RS256"),
    "PS256": lambda source: algorithms.rsa_verifier(jwk.rsa_public(source), "PS256"),
}
_SIGNERS: Mapping[str, Callable[[Mapping[str, JSON]], algorithms.Signer]] = {
    "ES256": lambda source: algorithms.es256_signer(jwk.p256_private(source)),
    "EdDSA": lambda source: algorithms.ed25519_signer(jwk.ed25519_private(source)),
    "Ed25519": lambda source: algorithms.ed25519_signer(jwk.ed25519_private(source)),
    "RS256": lambda source: algorithms.rsa_signer(jwk.rsa_private(source), "RS256"),
    "PS256": lambda source: algorithms.rsa_signer(jwk.rsa_private(source), "PS256"),
}
SIGNATURE_ALGORITHMS = tuple(_VERIFIERS)


def generate_p256(entropy: Entropy) -> dict[str, JSON]:
    """A fresh private P-256 JWK (for ES256 or ECDH-ES), by FIPS 186-5 A.2.1."""
    number = int.from_bytes(entropy.bytes(_EXTRA_RANDOM_BYTES), "big") % (P256_ORDER - 1) + 1
    return jwk.p256_private_jwk(ec.derive_private_key(number, ec.SECP256R1()))


def generate_ed25519(entropy: Entropy) -> dict[str, JSON]:
    """A fresh private Ed25519 JWK (RFC 8032 §5.1.5: 32 random bytes)."""
    return jwk.ed25519_private_jwk(ed25519.Ed25519PrivateKey.from_private_bytes(entropy.bytes(32)))


def generate_rsa() -> dict[str, JSON]:
    """A fresh private RSA JWK (for RS256 or PS256). OpenSSL finds the primes and takes its own entropy for it."""
    return jwk.rsa_private_jwk(rsa.generate_private_key(public_exponent=_RSA_EXPONENT, key_size=_RSA_BITS))


def verifying_keys(jwks: Mapping[str, JSON], alg: str | None = None) -> tuple[VerifyingKey, ...]:
    """The signature keys of a JWK set; entries we cannot use are left out (RFC 7517 §5). Raises InvalidKey for no set.

    `alg` is the algorithm all of them were registered for, such as a client's `token_endpoint_auth_signing_alg`;
    without it each key must name its own.
    """

    def parse(entry: Mapping[str, JSON]) -> VerifyingKey:
        return VerifyingKey.from_jwk(entry, alg)

    return tuple(key for entry in _entries(jwks) if (key := _usable(parse, entry)) is not None)


def encryption_keys(jwks: Mapping[str, JSON]) -> tuple[EncryptionKey, ...]:
    """The entries of a JWK set published for encryption (`use: enc`) that we can use."""
    published = (entry for entry in _entries(jwks) if entry.get("use") == "enc")
    return tuple(key for entry in published if (key := _usable(EncryptionKey.from_jwk, entry)) is not None)


def _entries(jwks: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
    entries = jwks.get("keys")
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise InvalidKey(f"a JWK set holds its keys, {MAX_KEYS} at most, in the array `keys`")
    return [entry for entry in entries if isinstance(entry, dict)]


def _usable(parse: Callable[[Mapping[str, JSON]], Key], entry: Mapping[str, JSON]) -> Key | None:
    try:
        return parse(entry)
    except InvalidKey:
        return None


def _registered_algorithm(source: Mapping[str, JSON], alg: str | None, known: Mapping[str, object]) -> str:
    own = source.get("alg")
    registered = own if alg is None else alg
    if not isinstance(registered, str) or registered not in known:
        raise InvalidKey("the key has no registered algorithm that is allowed here")
    if own is not None and own != registered:
        raise InvalidKey("the key names another algorithm than the one it is registered for")
    return registered


def _expect_use(source: Mapping[str, JSON], use: str, operation: str | None) -> None:
    """RFC 7517 §4.2 and §4.3: `use` and `key_ops` may be absent, but must not say something else."""
    operations = source.get("key_ops")
    fits = operations is None or operation is None or (isinstance(operations, list) and operation in operations)
    if source.get("use", use) != use or not fits:
        raise InvalidKey("the key is meant for another use")


def _kid(source: Mapping[str, JSON]) -> str:
    return jwk.text_member(source, "kid") if "kid" in source else jwk.thumbprint(source)


def _recipient(source: Mapping[str, JSON]) -> ECKey:
    """joserfc's own key object, from exactly the members of a P-256 key that were checked before."""
    members: dict[str, str | list[str]] = {
        name: jwk.text_member(source, name) for name in ("kty", "crv", "x", "y", "d") if name in source
    }
    return ECKey.import_key(members)


def _public(source: Mapping[str, JSON], kid: str, alg: str, use: str) -> Mapping[str, JSON]:
    members = {name: source[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in source}
    return MappingProxyType({**members, "kid": kid, "alg": alg, "use": use})
