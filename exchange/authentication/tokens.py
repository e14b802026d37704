"""Who calls: the access token, the proof that its holder sent it, and that it was not revoked since.

Until all of this holds the caller is a stranger: nothing about the attempt is written to the database or the ledger,
only counted and logged within bounds.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from exchange import errors
from exchange.authentication import access_token
from exchange.authentication.access_token import AccessToken, InvalidClaims
from exchange.authentication.fetching import IssuerUnreachable
from exchange.authentication.issuer import Issuer, KeySet
from exchange.authentication.revocations import Revocations
from kernel.clock import Clock
from kernel.jose import (
    DecryptionKey,
    DpopProof,
    InvalidProof,
    InvalidToken,
    Reason,
    Verified,
    verify,
    verify_dpop,
)
from kernel.jose.base64url import encode as base64url
from kernel.lease import Lease, LeaseLost
from kernel.problems import Problem, ProblemKind
from kernel.web import www_authenticate
from kernel.web.http import HttpRequest

ACCESS_TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068 §2.1, not a password
LONGEST_LIFE = 3600
"""Seconds from ``iat`` to ``exp`` of any access token; purpose-bound ones live shorter."""
PROOF_WINDOW = 60
"""Seconds a DPoP proof may be old."""
CONSENT_WITHDRAWN, MANDATE_ENDED, RIGHT_TAKEN = "consent-withdrawn", "mandate-ended", "no-longer-registered"
"""Why a token was revoked: its person took back what they had agreed to, or acts for the company no longer."""
MOST_CACHED = 10_000

Refused = Callable[[str], None]
"""Counts a refusal by its code."""


class Authenticates(Protocol):
    """Tells who sent a request: by an access token at the API, by a session at the officers' pages."""

    def authenticate(self, request: HttpRequest) -> Caller:
        """The caller. Raises Problem."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. ``proof`` is verified but not yet used up: whoever acts on it records it (ADR 0012)."""

    token: AccessToken
    proof: DpopProof | None


@dataclass(frozen=True, slots=True)
class _Cached:
    generation: int
    token: AccessToken


class TokenCache:
    """Verified tokens by their SHA-256, bounded, without any token's text. Safe for threads."""

    def __init__(self, most: int = MOST_CACHED) -> None:
        """``most`` tokens are kept; the one unused for longest goes first."""
        self._most = most
        self._kept: OrderedDict[bytes, _Cached] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes, generation: int) -> AccessToken | None:
        """A token verified with the key set of this generation."""
        with self._lock:
            cached = self._kept.get(digest)
            if cached is None or cached.generation != generation:
                return None
            self._kept.move_to_end(digest)
            return cached.token

    def put(self, digest: bytes, generation: int, token: AccessToken) -> None:
        """Keep a verified token."""
        with self._lock:
            self._kept[digest] = _Cached(generation, token)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)


class Authenticator:
    """Turns a request into a Caller or a refusal. Safe for threads."""

    def __init__(
        self,
        issuer: Issuer,
        revocations: Lease[Revocations],
        *,
        audience: str,
        decryption: Callable[[], Sequence[DecryptionKey]],
        clock: Clock,
        leeway: int,
        refused: Refused = lambda _code: None,
    ) -> None:
        """``audience`` is the exchange's identifier, ``leeway`` the clock skew allowed in seconds."""
        self._issuer = issuer
        self._revocations = revocations
        self._audience = audience
        self._decryption = decryption
        self._clock = clock
        self._leeway = leeway
        self._refused = refused
        self._cache = TokenCache()

    def authenticate(self, request: HttpRequest) -> Caller:
        """The caller. Raises Problem: token.*, always before anything was written."""
        try:
            scheme, text = _credentials(request)
            token = self.verified(text)
            proof = self._possession(request, scheme, text, token)
            self.check_standing(token)
        except Problem as problem:
            self._refused(problem.kind.code)
            raise
        return Caller(token, proof)

    def check_standing(self, token: AccessToken) -> None:
        """Whether a verified token still holds: not expired, not revoked. Raises Problem."""
        if self._clock.now().timestamp() >= token.expires_at + self._leeway:
            raise self._problem(errors.TOKEN_INVALID, Reason.EXPIRED)
        self.check_not_revoked(token)

    def check_not_revoked(self, token: AccessToken) -> None:
        """Whether a token, its sign-in, its client and the key that signed it are in good standing. Raises Problem."""
        try:
            revoked = self._revocations.current()
        except LeaseLost:
            raise Problem(errors.REVOCATIONS_UNKNOWN, headers=(("Retry-After", "1"),)) from None
        if token.mandate is not None and token.mandate.reference in revoked.mandates:
            raise self._problem(errors.TOKEN_REVOKED, MANDATE_ENDED)
        if revoked.covers(jti=token.jti, sid=token.sid, client_id=token.client_id, key=token.key_id):
            raise self._problem(errors.TOKEN_REVOKED, CONSENT_WITHDRAWN if token.jti in revoked.withdrawn else None)
        if revoked.takes(token.client_id, token.rights, token.registration):
            raise self._problem(errors.TOKEN_REVOKED, RIGHT_TAKEN)

    def verified(self, text: str) -> AccessToken:
        """What a token for the exchange says; not who sent it, nor whether it still holds. Raises Problem."""
        digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        try:
            key_set = self._issuer.key_set()
            return self._cache.get(digest, key_set.generation) or self._verify_new(text, digest, key_set)
        except IssuerUnreachable as trouble:
            structlog.get_logger(__name__).warning("issuer unreachable", reason=trouble.reason)
            raise Problem(errors.ISSUER_UNREACHABLE, headers=(("Retry-After", "1"),)) from None

    def _verify_new(self, text: str, digest: bytes, key_set: KeySet) -> AccessToken:
        try:
            verified, generation = self._check_signature(text, key_set)
            token = access_token.read(verified, audience=self._audience, keys=self._decryption())
        except (InvalidToken, InvalidClaims) as refusal:
            raise self._problem(errors.TOKEN_INVALID, str(refusal.reason)) from None
        self._cache.put(digest, generation, token)
        return token

    def _check_signature(self, text: str, key_set: KeySet) -> tuple[Verified, int]:
        try:
            return self._verify(text, key_set), key_set.generation
        except InvalidToken as refusal:
            if refusal.reason is not Reason.UNKNOWN_KEY:
                raise
        newer = self._issuer.key_set_after_unknown()
        return self._verify(text, newer), newer.generation

    def _verify(self, text: str, key_set: KeySet) -> Verified:
        return verify(
            text,
            key_set.keys,
            typ=ACCESS_TOKEN_TYPE,
            issuer=self._issuer.identifier,
            audience=self._audience,
            now=self._clock.now(),
            leeway=self._leeway,
            max_age=LONGEST_LIFE,
        )

    def _possession(self, request: HttpRequest, scheme: str, text: str, token: AccessToken) -> DpopProof | None:
        """Every binding the token names is proved; a token bound to nothing is refused."""
        if token.key_thumbprint is None and token.certificate_thumbprint is None:
            raise self._problem(errors.TOKEN_UNBOUND)
        if token.certificate_thumbprint is not None:
            self._check_certificate(request.client_certificate, token.certificate_thumbprint)
        if token.key_thumbprint is None:
            return None
        if scheme != "dpop":  # RFC 9449 §7.1: a bound token is never a bearer token
            raise self._problem(errors.PROOF_INVALID, "bearer-scheme")
        return self._proof(request, text, token.key_thumbprint)

    def _check_certificate(self, certificate: bytes | None, thumbprint: str) -> None:
        found = base64url(hashlib.sha256(certificate or b"").digest())
        if certificate is None or not hmac.compare_digest(found.encode(), thumbprint.encode()):  # RFC 8705 §3
            raise self._problem(errors.PROOF_INVALID, "certificate")

    def _proof(self, request: HttpRequest, text: str, thumbprint: str) -> DpopProof:
        try:
            return verify_dpop(
                request.headers.get("dpop", ""),
                method=request.method,
                url=request.url,
                now=self._clock.now(),
                window=PROOF_WINDOW,
                leeway=self._leeway,
                access_token=text,
                jkt=thumbprint,
            )
        except InvalidProof as refusal:
            raise self._problem(errors.PROOF_INVALID, refusal.reason.value) from None

    def _problem(self, kind: ProblemKind, reason: str | None = None) -> Problem:
        return unauthorized(kind, self._audience, reason)


def unauthorized(kind: ProblemKind, resource: str, reason: str | None = None) -> Problem:
    """A 401 with its challenge (RFC 9449 §7.1, RFC 9728 §5.1)."""
    code = "invalid_dpop_proof" if kind in {errors.PROOF_INVALID, errors.PROOF_REPLAYED} else "invalid_token"
    challenge = www_authenticate.dpop(
        error=None if kind is errors.TOKEN_MISSING else code,
        resource_metadata=f"{resource}/.well-known/oauth-protected-resource",
    )
    return Problem(kind, members={"reason": reason} if reason else {}, headers=(challenge,))


def _credentials(request: HttpRequest) -> tuple[str, str]:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() not in {"dpop", "bearer"} or not token:
        raise unauthorized(errors.TOKEN_MISSING, request.base_url)
    return scheme.lower(), token
