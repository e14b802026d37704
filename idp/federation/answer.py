"""What came back from an upstream, checked step by step; only what passes every step is taken for a statement.

1. The answer comes from the provider that was asked (RFC 9207 §2.4: mix-up).
2. It is a code, not a refusal (OpenID Connect Core 1.0 §3.1.2.5 and §3.1.2.6).
3. The code buys an ID token, with our verifier and our own authentication (RFC 7636 §4.5, RFC 7523 §2.2).
4. The ID token is signed by a published key, for us, by this issuer, in time (§3.1.3.7, steps 1 to 10).
5. It is the one of this visit: `nonce` (step 11), and `azp` is ourselves where it is there (steps 4 and 5).
6. The claims are about whoever the ID token is about: `at_hash` (§3.1.3.8), and userinfo's `sub` is the same (§5.3.2).
7. Whoever it is signed in there during this visit: `auth_time` (step 13; it was asked for with `max_age`, §3.1.2.1).
8. `acr` is one that is worth something here (step 12).
9. A name and a number are there.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

from idp.federation.alarm import CredentialsAlarm
from idp.federation.published import REFUSES_A_TOKEN, FormRefused, Published, UpstreamSilent
from idp.model.upstream import Statement, Upstream
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.jose import InvalidToken, Refused, SigningKey, Verified, client_assertion, compact, half_hash, verify

LEEWAY = 10
LONGEST_ID_TOKEN = int(timedelta(days=1).total_seconds())
_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 §2.1: it becomes a line of a request, so nothing else may


class UpstreamRefused(Exception):
    """The person, or the upstream, said no: nothing is proven and nothing is wrong."""


class AnswerUnsound(Exception):
    """What came back does not hold; ``reason`` is a word for the log, and repeats nothing of the answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CredentialsRefused(Exception):
    """The upstream does not take us for its client: a fault of this installation, which no person can mend."""


class WorthNothing(Exception):
    """A sound answer by a sign-in that is too weak, or without a name or number."""


@dataclass(frozen=True, slots=True)
class Return:
    """The parameters of an answer, what this visit's ID token and code belong to, and when it began."""

    parameters: Mapping[str, str]
    nonce: str
    verifier: str
    redirect_uri: str
    began: datetime


@dataclass(frozen=True, slots=True)
class Answers:
    """Reads the answers of one upstream."""

    published: Published
    alarm: CredentialsAlarm
    signing: Callable[[], SigningKey]
    clock: Clock
    entropy: Entropy

    def statement(self, back: Return) -> Statement:
        """Steps 1 to 9.

        Raises UpstreamRefused, AnswerUnsound, WorthNothing, UpstreamSilent, CredentialsRefused.
        """
        upstream = self.published.upstream
        self._came_from_whom_we_asked(back)
        tokens = self._redeemed(_code(back), back)
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise AnswerUnsound("no-id-token")
        verified = self._verified(id_token)
        _of_this_visit(verified.claims, back, upstream)
        _signed_in_meanwhile(verified.claims, back.began, self.clock.now())
        known = {**self._told_at_userinfo(tokens, verified), **verified.claims}
        return _statement(known, upstream, sha256(id_token.encode()).digest())

    def _came_from_whom_we_asked(self, back: Return) -> None:
        issuer = back.parameters.get("iss")
        promised = self.published.metadata().names_itself
        if (issuer is None and promised) or issuer not in (None, self.published.upstream.issuer):
            raise AnswerUnsound("another-issuer")

    def _redeemed(self, code: str, back: Return) -> Mapping[str, JSON]:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back.redirect_uri,
            "code_verifier": back.verifier,
        }
        ours, headers = self._authentication()
        try:
            answer = self.published.post(self.published.metadata().token, fields | ours, *headers)
        except FormRefused as refusal:
            if refusal.for_us:
                self.alarm.raised(self.published.upstream.name)
                raise CredentialsRefused from None
            raise AnswerUnsound("code-refused") from None  # a code that was used, stolen or invented
        if not isinstance(answer, dict):
            raise UpstreamSilent("the token endpoint did not answer with an object")
        self.alarm.over(self.published.upstream.name)
        return answer

    def _authentication(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """`client_secret_basic` (RFC 6749 §2.3.1) where there is a secret, else an assertion of our own."""
        upstream = self.published.upstream
        if upstream.secret is not None:
            pair = f"{quote(upstream.client_id, safe='')}:{quote(upstream.secret, safe='')}"
            return {}, (f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}",)
        ours = client_assertion(
            self.signing(), upstream.client_id, upstream.issuer, now=self.clock.now(), entropy=self.entropy
        )
        return {"client_id": upstream.client_id, **ours}, ()

    def _verified(self, id_token: str) -> Verified:
        upstream = self.published.upstream
        try:
            kid = compact.parse(id_token).header.get("kid")
            return verify(
                id_token,
                self.published.keys(kid),
                typ=("JWT", ""),
                issuer=upstream.issuer,
                audience=upstream.client_id,
                now=self.clock.now(),
                leeway=LEEWAY,
                max_age=LONGEST_ID_TOKEN,
            )
        except (InvalidToken, Refused) as refusal:
            raise AnswerUnsound(f"id-token-{refusal.reason}") from None

    def _told_at_userinfo(self, tokens: Mapping[str, JSON], verified: Verified) -> Mapping[str, JSON]:
        """Asked only where the ID token does not say everything itself."""
        claims = verified.claims
        upstream, address = self.published.upstream, self.published.metadata().userinfo
        access_token = tokens.get("access_token")
        complete = {upstream.name_claim, upstream.number_claim} <= claims.keys()
        if complete or address is None or not isinstance(access_token, str):
            return {}
        if not _B64TOKEN.fullmatch(access_token):
            raise AnswerUnsound("access-token")
        _belongs(access_token, verified)
        try:
            told = self.published.post(address, {}, f"Authorization: Bearer {access_token}", refusals=REFUSES_A_TOKEN)
        except FormRefused:
            raise AnswerUnsound("userinfo-refused") from None
        if not isinstance(told, dict) or told.get("sub") != claims.get("sub"):
            raise AnswerUnsound("userinfo-of-another")
        return {name: value for name, value in told.items() if name in (upstream.name_claim, upstream.number_claim)}


def _belongs(access_token: str, verified: Verified) -> None:
    """§3.1.3.8: where the ID token binds the access token, it is that one."""
    bound = verified.claims.get("at_hash")
    if bound is not None and bound != half_hash(access_token, str(verified.header.get("alg"))):
        raise AnswerUnsound("at-hash")


def _code(back: Return) -> str:
    if "error" in back.parameters:
        raise UpstreamRefused
    code = back.parameters.get("code")
    if not code:
        raise AnswerUnsound("no-code")
    return code


def _of_this_visit(claims: Mapping[str, JSON], back: Return, upstream: Upstream) -> None:
    if claims.get("nonce") != back.nonce:
        raise AnswerUnsound("nonce")
    if claims.get("azp", upstream.client_id) != upstream.client_id:
        raise AnswerUnsound("azp")
    if isinstance(claims.get("aud"), list) and "azp" not in claims and claims["aud"] != [upstream.client_id]:
        raise AnswerUnsound("several-audiences")


def _signed_in_meanwhile(claims: Mapping[str, JSON], began: datetime, now: datetime) -> None:
    """A session that was open there before may have changed hands since; `prompt=login` is only a request."""
    at = claims.get("auth_time")
    if type(at) is not int or not int(began.timestamp()) - LEEWAY <= at <= int(now.timestamp()) + LEEWAY:
        raise AnswerUnsound("auth-time")


def _statement(known: Mapping[str, JSON], upstream: Upstream, digest: bytes) -> Statement:
    level = upstream.levels.get(str(known.get("acr")))
    name, number = known.get(upstream.name_claim), known.get(upstream.number_claim)
    if level is None or not isinstance(name, str) or not isinstance(number, str):
        raise WorthNothing
    return Statement(name, number, level, digest)
