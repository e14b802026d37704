"""Verification of a signed token, in the only order in which it is safe."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from kernel.canonical import JSON

from . import compact
from .claims import Expectation, check_claims, seconds, text_claim
from .errors import InvalidToken, Reason, Refused
from .keys import VerifyingKey

T = TypeVar("T")

# We understand no extension (crit, b64) and take keys from our register alone, never from a token.
FORBIDDEN_HEADERS = frozenset({"crit", "b64", "jwk", "jku", "x5u", "x5c", "zip"})
CLIENT_ASSERTION_TYPES = ("client-authentication+jwt", "JWT", "")  # RFC 7523 names none, so many clients send none


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature, type, issuer, audience and times have all been checked."""

    header: Mapping[str, JSON]
    claims: Mapping[str, JSON]
    token_hash: bytes  # SHA-256 of the compact text


@dataclass(frozen=True, slots=True)
class SignedBytes:
    """Bytes with a good signature by a known key, and nothing more: no issuer, audience or time was looked at."""

    header: Mapping[str, JSON]
    payload: bytes
    token_hash: bytes  # SHA-256 of the compact text


def verify(
    token: str,
    keys: Sequence[VerifyingKey],
    *,
    typ: str | tuple[str, ...],
    issuer: str,
    audience: str,
    now: datetime,
    leeway: int = 10,
    max_age: int,
    audience_exact: bool = False,
    max_bytes: int = compact.MAX_TOKEN_BYTES,
) -> Verified:
    """Verifies a JWT (RFC 7519 §7.2, RFC 8725); raises InvalidToken with its reason.

    `typ` is the one type accepted, or several ("" stands for an absent `typ`); `max_age` is the longest lifetime
    from `iat` to `exp` in seconds; `leeway` is the clock skew allowed in seconds. `iss`, `aud`, `exp` and `iat` are
    mandatory. With `audience_exact` the `aud` must be the string itself, not an array holding it. `max_bytes` is of the
    whole text: a document may be longer than a token.
    """
    signed = _invalid_token(lambda: _verify_signature(token, keys, typ, max_bytes))  # steps 1-7
    expectation = Expectation(issuer, audience, seconds(now), leeway, max_age, audience_exact)
    return _invalid_token(lambda: _read_claims(signed, expectation, max_bytes))


def verify_client_assertion(
    assertion: str,
    keys: Sequence[VerifyingKey],
    *,
    client_id: str,
    audience: str,
    now: datetime,
    leeway: int = 10,
    max_age: int = 300,
) -> Verified:
    """Verifies a `private_key_jwt` assertion (RFC 7523 §3); raises InvalidToken.

    `aud` must be exactly `audience`, the issuer string of the authorization server; `iss` and `sub` are the client;
    `jti` is present, so that the caller can refuse a second use until `exp` + leeway.
    """
    verified = verify(
        assertion,
        keys,
        typ=CLIENT_ASSERTION_TYPES,
        issuer=client_id,
        audience=audience,
        now=now,
        leeway=leeway,
        max_age=max_age,
        audience_exact=True,
    )
    if verified.claims.get("sub") != client_id:  # RFC 7523 §3 rule 2B
        raise InvalidToken(Reason.WRONG_SUBJECT)
    _invalid_token(lambda: text_claim(verified.claims, "jti"))
    return verified


def verify_signature_only(
    token: str,
    keys: Sequence[VerifyingKey],
    *,
    typ: str | tuple[str, ...],
    max_bytes: int = compact.MAX_TOKEN_BYTES,
) -> SignedBytes:
    """Checks form, type and signature of any JWS; raises InvalidToken. Its result is no `Verified` on purpose."""
    return _invalid_token(lambda: _verify_signature(token, keys, typ, max_bytes))


def _verify_signature(
    token: str, keys: Sequence[VerifyingKey], typ: str | tuple[str, ...], max_bytes: int
) -> SignedBytes:
    # 1. Size, three canonical base64url segments.  2. The header is one JSON object without duplicate keys.
    jws = compact.parse(token, max_bytes)
    # 3. Nothing in the header that brings a key, an extension or compression.
    if not FORBIDDEN_HEADERS.isdisjoint(jws.header):
        raise Refused(Reason.FORBIDDEN_HEADER)
    # 4. The explicit type (RFC 8725 §3.11).
    check_type(jws.header, typ)
    # 5. The key, by its identifier, out of the keys the caller trusts for this purpose.
    key = _select(jws.header, keys)
    # 6. The header must name the algorithm the key is registered for; it chooses nothing (RFC 8725 §3.1).
    if jws.header.get("alg") != key.alg:
        raise Refused(Reason.WRONG_ALGORITHM)
    # 7. The signature, over the exact bytes received.
    if not key.check(jws.signed, jws.signature):
        raise Refused(Reason.BAD_SIGNATURE)
    return SignedBytes(jws.header, jws.payload, hashlib.sha256(token.encode("ascii")).digest())


def _read_claims(signed: SignedBytes, expectation: Expectation, max_bytes: int) -> Verified:
    # 8. Only now is the payload read: one JSON object without duplicate keys.
    claims = compact.json_object(signed.payload, max_bytes)
    # 9. Issuer, audience and times.
    check_claims(claims, expectation)
    return Verified(signed.header, claims, signed.token_hash)


def check_type(header: Mapping[str, JSON], typ: str | tuple[str, ...]) -> None:
    """RFC 7515 §4.1.9: media types compare without case, and `application/` may be left out."""
    accepted = (typ,) if isinstance(typ, str) else typ
    found = header.get("typ", "")
    if not isinstance(found, str) or _media_type(found) not in {_media_type(name) for name in accepted}:
        raise Refused(Reason.WRONG_TYPE)


def _media_type(name: str) -> str:
    return name.lower().removeprefix("application/")


def _select(header: Mapping[str, JSON], keys: Sequence[VerifyingKey]) -> VerifyingKey:
    """The key named by `kid`; without `kid` only a single registered key is unambiguous."""
    kid = header.get("kid")
    if kid is None and "kid" not in header and len(keys) == 1:
        return keys[0]
    for key in keys:
        if key.kid == kid:
            return key
    raise Refused(Reason.UNKNOWN_KEY)


def _invalid_token(step: Callable[[], T]) -> T:
    try:
        return step()
    except Refused as refusal:
        raise InvalidToken(refusal.reason) from None
