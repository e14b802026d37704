"""The pages as a client of the identity provider: where to send an officer, and what to make of what comes back.

1. The answer comes from the provider that was asked, and belongs to this browser's attempt (RFC 9207 §2.4; `state`).
2. It is a code, not a refusal (OpenID Connect Core 1.0 §3.1.2.5 and §3.1.2.6).
3. The code buys tokens, with our verifier, our key and a proof (RFC 7636 §4.5, RFC 7523 §2.2, RFC 9449 §5).
4. The ID token is signed by a published key, for us, by this issuer, in time (§3.1.3.7); `nonce` and `azp` tie it
   to this attempt, and `at_hash`, where it is there, to the access token (§3.1.3.8: optional with a code).
5. The access token is one for this exchange, about the same person and bound to the key of the proof (RFC 9068).
6. The sign-in is as strong as officers' work asks for.

The roles are the access token's: the very claims that the API goes by. The token itself is used for nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from exchange.authentication.access_token import AccessToken
from exchange.authentication.fetching import IssuerUnreachable, Post
from exchange.authentication.issuer import Issuer, KeySet
from exchange.console.attempt import Attempt
from kernel import jose
from kernel.canonical import MalformedJson, decode
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.jose import InvalidToken, Reason, SigningKey, Verified, base64url, verify
from kernel.problems import Problem
from kernel.text import Text

SCOPE = "openid governance"
ASSURANCE = "urn:tongban:loa:3"
ENOUGH = frozenset({ASSURANCE, "urn:tongban:loa:4"})
LONGEST_ID_TOKEN = 24 * 3600
_HTTP_OK, _HTTP_CREATED = 200, 201


class SignInFailed(Exception):
    """Nobody is signed in: ``reason`` is a word for the log, ``text`` says it to the person."""

    def __init__(self, reason: str, text: Text) -> None:
        super().__init__(reason)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who came back: what the access token says, and the ID token that ends the sign-in again."""

    token: AccessToken
    sid: str
    id_token: str = field(repr=False)


@dataclass(frozen=True)
class RelyingParty:
    """The exchange's pages at one identity provider. Safe for threads."""

    issuer: Issuer
    post: Post
    verified: Callable[[str], AccessToken]
    client_id: str
    key: SigningKey
    origin: str
    redirect_uri: str
    clock: Clock
    entropy: Entropy
    leeway: int
    scope: str = SCOPE
    assurance: str = ASSURANCE
    enough: frozenset[str] = ENOUGH

    def location(self, attempt: Attempt, assurance: str | None = None, more_scope: str = "") -> str:
        """Where to send somebody, for a sign-in of at least this level and with this scope besides.

        Raises IssuerUnreachable.
        """
        challenge = base64url.encode(hashlib.sha256(attempt.verifier.encode()).digest())
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": f"{self.scope} {more_scope}".strip(),
            "resource": self.origin,
            "acr_values": assurance or self.assurance,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = self.issuer.endpoint("authorization_endpoint")
        pushing = self._offered("pushed_authorization_request_endpoint")
        if pushing is not None:
            status, answer = self._form(pushing, asked)
            uri = answer.get("request_uri")
            if status != _HTTP_CREATED or not isinstance(uri, str):
                raise IssuerUnreachable("request-not-pushed")
            asked = {"client_id": self.client_id, "request_uri": uri}
        return _asking(address, asked)

    def signed_in(self, answer: Mapping[str, str], attempt: Attempt) -> SignedIn:
        """Steps 1 to 6. Raises SignInFailed, IssuerUnreachable."""
        proving = SigningKey.from_private_jwk(jose.generate_p256(self.entropy), "ES256")
        tokens = self._redeemed(self._code(answer, attempt), attempt, proving)
        id_token, access = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access, str):
            raise _unsound("tokens-missing")
        verified = self._id_token(id_token, attempt, access)
        token_ = self._access_token(access, verified, proving)
        if verified.claims.get("acr") not in self.enough:
            raise SignInFailed("assurance", _TOO_WEAK)
        return SignedIn(token_, token_.sid or "", id_token)

    def end_session(self, id_token: str, back: str) -> str | None:
        """Where signing out goes on (RP-Initiated Logout 1.0 §2); None where the provider has no such endpoint."""
        address = self._offered("end_session_endpoint")
        asked = {"id_token_hint": id_token, "client_id": self.client_id, "post_logout_redirect_uri": back}
        return None if address is None else _asking(address, asked)

    def checked(self, text: str, typ: str | tuple[str, ...], max_age: int) -> Verified:
        """A token of the provider's for this client. Raises InvalidToken, IssuerUnreachable."""

        def by(keys: KeySet) -> Verified:
            return verify(
                text,
                keys.keys,
                typ=typ,
                issuer=self.issuer.identifier,
                audience=self.client_id,
                now=self.clock.now(),
                leeway=self.leeway,
                max_age=max_age,
            )

        try:
            return by(self.issuer.key_set())
        except InvalidToken as refusal:
            if refusal.reason is not Reason.UNKNOWN_KEY:
                raise
        return by(self.issuer.key_set_after_unknown())

    def _offered(self, name: str) -> str | None:
        try:
            return self.issuer.endpoint(name)
        except IssuerUnreachable as trouble:
            if trouble.reason == f"metadata-without-{name}":
                return None
            raise

    def _code(self, answer: Mapping[str, str], attempt: Attempt) -> str:
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise _unsound("state")
        if answer.get("iss") != self.issuer.identifier:
            raise _unsound("another-issuer")
        if "error" in answer:
            raise SignInFailed("refused", _REFUSED)
        code = answer.get("code")
        if not code:
            raise _unsound("no-code")
        return code

    def _redeemed(self, code: str, attempt: Attempt, proving: SigningKey) -> Mapping[str, Any]:
        endpoint = self.issuer.endpoint("token_endpoint")
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": attempt.verifier,
            "client_id": self.client_id,
        }
        status, answer = self._form(endpoint, grant, f"DPoP: {self._proof(endpoint, proving)}")
        if status != _HTTP_OK:
            raise _unsound("code-refused")
        return answer

    def _form(self, url: str, fields: Mapping[str, str], *headers: str) -> tuple[int, Mapping[str, Any]]:
        shown = jose.client_assertion(
            self.key, self.client_id, self.issuer.identifier, now=self.clock.now(), entropy=self.entropy
        )
        status, body = self.post(url, urlencode({**fields, **shown}).encode(), headers)
        try:
            answer: Any = decode(body)
        except MalformedJson:
            answer = None
        if not isinstance(answer, dict):
            raise IssuerUnreachable("not-a-json-object")
        return status, answer

    def _proof(self, url: str, proving: SigningKey) -> str:
        return jose.prove(jose.proof_claims("POST", url, now=self.clock.now(), entropy=self.entropy), proving)

    def _id_token(self, text: str, attempt: Attempt, access: str) -> Verified:
        try:
            verified = self.checked(text, ("JWT", ""), LONGEST_ID_TOKEN)
        except InvalidToken as refusal:
            raise _unsound(f"id-token-{refusal.reason}") from None
        claims = verified.claims
        if claims.get("nonce") != attempt.nonce:
            raise _unsound("nonce")
        if claims.get("azp", self.client_id) != self.client_id or claims.get("aud") not in (
            self.client_id,
            [self.client_id],
        ):
            raise _unsound("audience")
        if "at_hash" in claims and claims["at_hash"] != jose.half_hash(access, str(verified.header.get("alg"))):
            raise _unsound("at-hash")
        return verified

    def _access_token(self, text: str, of: Verified, proving: SigningKey) -> AccessToken:
        try:
            found = self.verified(text)
        except Problem as problem:
            raise _unsound(f"access-token-{problem.kind.code}") from None
        ours = found.client_id == self.client_id and found.key_thumbprint == jose.thumbprint(proving.jwk)
        if not ours or (found.sub, found.sid) != (of.claims.get("sub"), of.claims.get("sid")):
            raise _unsound("access-token-of-another")
        return found


def _asking(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def _unsound(reason: str) -> SignInFailed:
    return SignInFailed(reason, _UNSOUND)


_UNSOUND = Text(
    "身份服务的答复与这次登录对不上，因此没有登录。可能是链接已用过、已过期，或来自另一个窗口。",
    "What came back from the identity provider does not belong to this sign-in, so you are not signed in. The link may"
    " have been used, may be too old, or may come from another window.",
)
_REFUSED = Text("您没有完成登录，或身份服务没有同意。", "You did not finish signing in, or the provider did not agree.")
_TOO_WEAK = Text(
    "这次登录的认证等级不够。处理授权需要三级认证（密码加动态口令，或通行密钥）。",
    "This sign-in is not strong enough. Work on grants takes level 3: a password with a one-time code, or a passkey.",
)
