"""Verification of a DPoP proof: the twelve checks of RFC 9449 §4.3, in numbered steps."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from kernel.canonical import JSON

from . import base64url, compact, target_uri
from .claims import instant_claim, seconds, text_claim
from .errors import InvalidKey, InvalidProof, Reason, Refused
from .jwk import PRIVATE_MEMBERS, thumbprint
from .keys import VerifyingKey
from .verification import FORBIDDEN_HEADERS, check_type

PROOF_TYPE = "dpop+jwt"
PROOF_ALGORITHMS = ("ES256", "EdDSA", "Ed25519")
"""What proofs may be signed by; metadata (RFC 9449 §5.1) and challenges (§7.1) say exactly this.

Elliptic keys alone: a proof stays small and its verification cheap. Ed25519 has two names (RFC 8037, RFC 9864).
"""
_MAX_JTI = 256
_FORBIDDEN_HEADERS = FORBIDDEN_HEADERS - {"jwk"}
KEY_MEMBERS = ("kty", "crv", "x", "y")


@dataclass(frozen=True, slots=True)
class DpopProof:
    """A good proof. The caller still has to record `jti`: it may be used once until `replay_until`."""

    jkt: str  # RFC 7638 thumbprint of the proof's key
    jti: str
    iat: int  # seconds since 1970-01-01 UTC
    nonce: str | None
    replay_until: int  # iat + window + leeway: from then on the proof is refused as stale


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    now: float
    window: int
    leeway: int


def verify_dpop(
    proof: str,
    *,
    method: str,
    url: str,
    now: datetime,
    window: int = 60,
    leeway: int = 10,
    access_token: str | None = None,
    jkt: str | None = None,
    nonce: str | None = None,
) -> DpopProof:
    """Verifies the value of the DPoP header of one request; raises InvalidProof with its reason.

    `url` is the request's own address; `window` the longest age of a proof and `leeway` the clock skew, in seconds.
    With `access_token` its hash must stand in `ath`; with `jkt` the proof must be by that key (`cnf.jkt`); with
    `nonce` the proof must repeat it. Check 1 (one header field only) is the caller's; two joined ones fail check 2.
    """
    request = _Request(method, url, seconds(now), window, leeway)
    try:
        claims, key_thumbprint = _signed_claims(proof)
        verified = _bound_to_request(claims, key_thumbprint, request)
        _check_nonce(verified, nonce)
        _check_token(claims, key_thumbprint, access_token, jkt)
    except Refused as refusal:
        raise InvalidProof(refusal.reason) from None
    return verified


def access_token_hash(access_token: str) -> str:
    """`ath`: base64url SHA-256 of the token's ASCII text (RFC 9449 §4.2)."""
    return base64url.encode(hashlib.sha256(access_token.encode("utf-8")).digest())


def _signed_claims(proof: str) -> tuple[Mapping[str, JSON], str]:
    # Check 2: a single, well-formed JWT.
    jws = compact.parse(proof)
    if not _FORBIDDEN_HEADERS.isdisjoint(jws.header):
        raise Refused(Reason.FORBIDDEN_HEADER)
    # Check 4: its type.
    check_type(jws.header, PROOF_TYPE)
    # Check 5: an asymmetric algorithm we allow.  Check 7: no private key.
    key, key_thumbprint = _proof_key(jws.header)
    # Check 6: signed by the very key it shows.
    if not key.check(jws.signed, jws.signature):
        raise Refused(Reason.BAD_SIGNATURE)
    return compact.json_object(jws.payload), key_thumbprint


def _bound_to_request(claims: Mapping[str, JSON], key_thumbprint: str, request: _Request) -> DpopProof:
    # Check 3: all required claims; `jti` is bounded, since the caller stores it.
    jti, issued = text_claim(claims, "jti"), instant_claim(claims, "iat")
    if len(jti) > _MAX_JTI:
        raise Refused(Reason.MALFORMED_CLAIM)
    # Check 8: the method, which is case-sensitive (RFC 9110 §9.1).
    if text_claim(claims, "htm") != request.method:
        raise Refused(Reason.WRONG_METHOD)
    # Check 9: the address without query and fragment.
    if not _same_target(text_claim(claims, "htu"), request.url):
        raise Refused(Reason.WRONG_URL)
    # Check 11: made recently.
    _check_age(issued, request)
    given = text_claim(claims, "nonce") if "nonce" in claims else None
    return DpopProof(key_thumbprint, jti, int(issued), given, int(issued) + 1 + request.window + request.leeway)


def _check_age(issued: float, request: _Request) -> None:
    if issued > request.now + request.leeway:
        raise Refused(Reason.ISSUED_IN_FUTURE)
    if issued < request.now - request.window - request.leeway:
        raise Refused(Reason.STALE)


def _check_nonce(proof: DpopProof, nonce: str | None) -> None:
    # Check 10: the nonce the server gave, if it gave one.
    if nonce is not None and not _equal(proof.nonce or "", nonce):
        raise Refused(Reason.WRONG_NONCE)


def _check_token(claims: Mapping[str, JSON], key_thumbprint: str, access_token: str | None, jkt: str | None) -> None:
    # Check 12: the hash of the token presented with the proof, and the key that token is bound to.
    if access_token is not None and not _equal(text_claim(claims, "ath"), access_token_hash(access_token)):
        raise Refused(Reason.WRONG_TOKEN_HASH)
    if jkt is not None and not _equal(key_thumbprint, jkt):
        raise Refused(Reason.WRONG_KEY)


def _same_target(htu: str, url: str) -> bool:
    try:
        return target_uri.normalise(htu) == target_uri.normalise(url)
    except ValueError:
        return False


def _equal(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8"), right.encode("utf-8"))


def _proof_key(header: Mapping[str, JSON]) -> tuple[VerifyingKey, str]:
    alg, jwk = header.get("alg"), header.get("jwk")
    if not isinstance(alg, str) or alg not in PROOF_ALGORITHMS:
        raise Refused(Reason.WRONG_ALGORITHM)
    if not isinstance(jwk, dict):
        raise Refused(Reason.MALFORMED)
    if not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise Refused(Reason.PRIVATE_KEY)
    if jwk.get("alg", alg) != alg:
        raise Refused(Reason.WRONG_ALGORITHM)
    try:
        return _parsed(alg, *(str(jwk.get(name, "")) for name in KEY_MEMBERS))
    except InvalidKey:
        raise Refused(Reason.MALFORMED) from None


@lru_cache(maxsize=1024)
def _parsed(alg: str, kty: str, crv: str, x: str, y: str) -> tuple[VerifyingKey, str]:
    """A client proves possession of one key many times: its parsing is kept, bounded."""
    jwk: dict[str, JSON] = {"kty": kty, "crv": crv, "x": x, "y": y}
    return VerifyingKey.from_jwk(jwk, alg), thumbprint(jwk)
