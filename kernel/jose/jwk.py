"""JSON Web Keys (RFC 7517) into parsed keys of `cryptography`, strictly, and their thumbprints (RFC 7638)."""

import hashlib
from collections.abc import Mapping

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from kernel.canonical import JSON

from . import base64url
from .errors import InvalidKey

_THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 §6.2.2, §6.3.2, §6.4
_COORDINATE_BYTES = 32
_RSA_BITS = range(2048, 8193)  # RFC 7518 §3.3: 2048 or larger; the upper end bounds the work of a verification
_RSA_EXPONENT_BITS = range(17, 33)  # 65537 and its usual neighbours; FIPS 186-5 §5.4


def thumbprint(jwk: Mapping[str, JSON]) -> str:
    """SHA-256 thumbprint of a public key, base64url (RFC 7638 §3); raises InvalidKey.

    Symmetric keys have none here: their thumbprint would be a hash of the secret (RFC 7638 §7).
    """
    members = _THUMBPRINT_MEMBERS.get(str(jwk.get("kty")))
    if members is None:
        raise InvalidKey("the key type has no public thumbprint")
    required = {name: text_member(jwk, name) for name in members}
    return base64url.encode(hashlib.sha256(orjson.dumps(required, option=orjson.OPT_SORT_KEYS)).digest())


def text_member(jwk: Mapping[str, JSON], name: str) -> str:
    """Member `name` as text; raises InvalidKey when it is missing or something else."""
    value = jwk.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidKey(f"member {name} is missing or not a string")
    return value


def refuse_private(jwk: Mapping[str, JSON]) -> None:
    """Raises InvalidKey when a key meant to be public carries secret members."""
    if not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise InvalidKey("the key holds private members")


def p256_public(jwk: Mapping[str, JSON]) -> ec.EllipticCurvePublicKey:
    """A point on P-256 with full-length coordinates (RFC 7518 §6.2.1); raises InvalidKey."""
    _expect(jwk, "EC", "P-256")
    numbers = ec.EllipticCurvePublicNumbers(_coordinate(jwk, "x"), _coordinate(jwk, "y"), ec.SECP256R1())
    try:
        return numbers.public_key()
    except ValueError as error:
        raise InvalidKey("the point is not on P-256") from error


def p256_private(jwk: Mapping[str, JSON]) -> ec.EllipticCurvePrivateKey:
    """The private key of `p256_public`; raises InvalidKey also when the two halves do not belong together."""
    public = p256_public(jwk)
    try:
        private = ec.derive_private_key(_coordinate(jwk, "d"), ec.SECP256R1())
    except ValueError as error:
        raise InvalidKey("the private number is out of range") from error
    if private.public_key().public_numbers() != public.public_numbers():
        raise InvalidKey("private and public half do not belong together")
    return private


def ed25519_public(jwk: Mapping[str, JSON]) -> ed25519.Ed25519PublicKey:
    """RFC 8037 §2; raises InvalidKey."""
    _expect(jwk, "OKP", "Ed25519")
    try:
        return ed25519.Ed25519PublicKey.from_public_bytes(_octets(jwk, "x"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidKey("not an Ed25519 public key") from error


def ed25519_private(jwk: Mapping[str, JSON]) -> ed25519.Ed25519PrivateKey:
    """RFC 8037 §2; raises InvalidKey also when the two halves do not belong together."""
    public = ed25519_public(jwk)
    private = ed25519.Ed25519PrivateKey.from_private_bytes(_octets(jwk, "d"))
    if private.public_key().public_bytes_raw() != public.public_bytes_raw():
        raise InvalidKey("private and public half do not belong together")
    return private


def rsa_public(jwk: Mapping[str, JSON]) -> rsa.RSAPublicKey:
    """2048 to 8192 bits, exponent of 17 to 32 bits (RFC 7518 §6.3.1); raises InvalidKey."""
    _expect(jwk, "RSA", None)
    modulus, exponent = _number(jwk, "n"), _number(jwk, "e")
    if modulus.bit_length() not in _RSA_BITS or exponent.bit_length() not in _RSA_EXPONENT_BITS:
        raise InvalidKey("the RSA modulus must have 2048 to 8192 bits and the exponent 17 to 32")
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise InvalidKey("not an RSA public key") from error


def rsa_private(jwk: Mapping[str, JSON]) -> rsa.RSAPrivateKey:
    """RFC 7518 §6.3.2 with its prime factors; raises InvalidKey."""
    public = rsa_public(jwk).public_numbers()
    p, q, d, dp, dq, qi = (_number(jwk, name) for name in ("p", "q", "d", "dp", "dq", "qi"))
    try:
        return rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key()
    except ValueError as error:
        raise InvalidKey("not an RSA private key") from error


def p256_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, JSON]:
    """Public JWK of a P-256 key."""
    numbers = key.public_numbers()
    x, y = (base64url.encode(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def p256_private_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, JSON]:
    """Private JWK of a P-256 key."""
    secret = key.private_numbers().private_value.to_bytes(_COORDINATE_BYTES, "big")
    return {**p256_jwk(key.public_key()), "d": base64url.encode(secret)}


def ed25519_jwk(key: ed25519.Ed25519PublicKey) -> dict[str, JSON]:
    """Public JWK of an Ed25519 key."""
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(key.public_bytes_raw())}


def ed25519_private_jwk(key: ed25519.Ed25519PrivateKey) -> dict[str, JSON]:
    """Private JWK of an Ed25519 key."""
    return {**ed25519_jwk(key.public_key()), "d": base64url.encode(key.private_bytes_raw())}


def rsa_private_jwk(key: rsa.RSAPrivateKey) -> dict[str, JSON]:
    """Private JWK of an RSA key, with its prime factors (RFC 7518 §6.3.2)."""
    private = key.private_numbers()
    public = private.public_numbers
    members = {"n": public.n, "e": public.e, "d": private.d, "p": private.p, "q": private.q}
    members |= {"dp": private.dmp1, "dq": private.dmq1, "qi": private.iqmp}
    return {"kty": "RSA", **{name: base64url.encode_number(number) for name, number in members.items()}}


def _expect(jwk: Mapping[str, JSON], kty: str, crv: str | None) -> None:
    if jwk.get("kty") != kty or (crv is not None and jwk.get("crv") != crv):
        raise InvalidKey("the key type or curve does not fit its registered algorithm")


def _octets(jwk: Mapping[str, JSON], name: str) -> bytes:
    """A value of exactly 32 bytes: a shorter or longer spelling would give one key two thumbprints."""
    try:
        value = base64url.decode(text_member(jwk, name))
    except ValueError as error:
        raise InvalidKey(f"member {name} is missing or not canonical base64url") from error
    if len(value) != _COORDINATE_BYTES:
        raise InvalidKey(f"member {name} must have 32 bytes")
    return value


def _coordinate(jwk: Mapping[str, JSON], name: str) -> int:
    return int.from_bytes(_octets(jwk, name), "big")


def _number(jwk: Mapping[str, JSON], name: str) -> int:
    try:
        return base64url.decode_number(text_member(jwk, name))
    except ValueError as error:
        raise InvalidKey(f"member {name} is missing or not canonical base64url") from error
