"""Encryption to keys that others registered: the algorithms of RFC 7518 §4.3, §4.6, §5.2.3 and §5.3 that are offered.

Apart from `encryption`, whose one pair of algorithms serves our own services: here the recipient chooses among a few,
once, at registration. joserfc does the work; RSA1_5 and `dir` have no place here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey
from joserfc.registry import HeaderParameter

from kernel.canonical import JSON

from . import jwk
from .errors import InvalidKey

RECIPIENT_ALGORITHMS: Mapping[str, str] = {"RSA-OAEP-256": "RSA", "ECDH-ES": "EC", "ECDH-ES+A256KW": "EC"}
"""Key management algorithms, each with the type of key it needs."""
CONTENT_ALGORITHMS = ("A128CBC-HS256", "A256GCM")
_INNER = ("A256KW",)  # what joserfc looks up beside ECDH-ES+A256KW
_REPEATED = {"iss": HeaderParameter("Issuer", "str")}  # RFC 7519 §5.3
_MEMBERS = ("kty", "crv", "x", "y", "n", "e")


@dataclass(frozen=True, slots=True)
class RecipientKey:
    """Somebody's public key for encryption, and the algorithms it was published for."""

    kid: str
    algorithms: frozenset[str]
    jwk: Mapping[str, JSON] = field(repr=False, compare=False)
    recipient: ECKey | RSAKey = field(repr=False, compare=False)

    @classmethod
    def from_jwk(cls, source: Mapping[str, JSON]) -> Self:
        """Parses a public JWK published with `use: enc` (RFC 7517 §4.2); raises InvalidKey.

        Without `alg` it serves every algorithm of its type: which one is used, the registration says.
        """
        if source.get("use") != "enc":
            raise InvalidKey("the key is not published for encryption")
        jwk.refuse_private(source)
        kty = source.get("kty")
        algorithms = frozenset(
            alg for alg, needed in RECIPIENT_ALGORITHMS.items() if needed == kty and source.get("alg", alg) == alg
        )
        if not algorithms:
            raise InvalidKey("the key's type or algorithm is not one used for encryption here")
        (jwk.p256_public if kty == "EC" else jwk.rsa_public)(source)
        kid = jwk.text_member(source, "kid") if "kid" in source else jwk.thumbprint(source)
        named = {"kid": kid, "use": "enc"} | ({"alg": jwk.text_member(source, "alg")} if "alg" in source else {})
        public = {name: jwk.text_member(source, name) for name in _MEMBERS if name in source}
        return cls(kid, algorithms, {**public, **named}, _key({**public}))


def _key(members: dict[str, str | list[str]]) -> ECKey | RSAKey:
    return ECKey.import_key(members) if members["kty"] == "EC" else RSAKey.import_key(members)


def encrypt_to(
    key: RecipientKey, plaintext: bytes, *, alg: str, enc: str, cty: str | None = None, iss: str | None = None
) -> str:
    """Compact JWE to a key that serves `alg`; raises InvalidKey when it does not, or for an unknown `enc`.

    `cty` says what is inside; `iss` repeats who made it where everybody can read it (RFC 7519 §5.2, §5.3).
    """
    if alg not in key.algorithms or enc not in CONTENT_ALGORITHMS:
        raise InvalidKey("the key does not serve this algorithm")
    named = {"alg": alg, "enc": enc, "kid": key.kid, "cty": cty, "iss": iss}
    header = {name: value for name, value in named.items() if value is not None}
    registry = jwe.JWERegistry(_REPEATED, algorithms=[alg, enc, *_INNER])
    return jwe.encrypt_compact(header, plaintext, key.recipient, registry=registry)
