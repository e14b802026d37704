"""Client authentication: every way is tried to be found, exactly one may be used, and it must be the registered one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509

from idp.clients import certificates
from idp.clients.certificates import Authorities
from idp.clients.directory import ClientDirectory
from idp.clients.keys import ClientKeys
from idp.errors import InvalidClientError, InvalidRequestError
from idp.model.client import BY_CERTIFICATE, AuthMethod, Client
from idp.store.proofs import ASSERTION, SpentProof
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import CLIENT_ASSERTION_TYPE, InvalidToken, Refused, Verified, compact, verify_client_assertion
from kernel.problems import Problem
from kernel.web.http import HttpRequest
from kernel.web.parameters import decoded

LONGEST_ASSERTION = 3600
"""Seconds from `iat` to `exp`; widespread client libraries use an hour."""
LEEWAY = 10
_NO_SECRET = hashlib.sha256(b"").digest()
_NO_SCHEME = ""


@dataclass(frozen=True, slots=True)
class AuthenticatedClient:
    """A client that proved who it is. ``assertion`` still has to be spent; ``claims`` is what it signed."""

    client: Client
    assertion: SpentProof | None = None
    claims: Mapping[str, JSON] | None = None

    @property
    def proofs(self) -> tuple[SpentProof, ...]:
        """What the request uses up."""
        return () if self.assertion is None else (self.assertion,)


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request offers as authentication: who it claims to be, how, and the secret or assertion."""

    method: AuthMethod
    client_id: str
    evidence: str = field(default="", repr=False)
    certificate: bytes | None = field(default=None, repr=False)

    def may_be(self, registered: AuthMethod) -> bool:
        """Whether this can be the registered way: a certificate comes with nothing but a `client_id` (RFC 8705 §2)."""
        if self.method is AuthMethod.NONE:
            return registered is AuthMethod.NONE or registered in BY_CERTIFICATE
        return registered is self.method


class ClientAuthenticator:
    """Authenticates clients against the directory. ``issuer`` is the one audience an assertion may name (C12).

    Without ``authorities`` nobody vouches for a name in a certificate, and `tls_client_auth` admits nobody.
    """

    def __init__(
        self,
        directory: ClientDirectory,
        keys: ClientKeys,
        issuer: str,
        clock: Clock,
        authorities: Authorities | None = None,
    ) -> None:
        self._directory, self._keys, self._issuer, self._clock = directory, keys, issuer, clock
        self._authorities = authorities or Authorities(())
        self._checks: dict[AuthMethod, Callable[[Client, Presented], AuthenticatedClient]] = {
            AuthMethod.SECRET_BASIC: self._by_secret,
            AuthMethod.SECRET_POST: self._by_secret,
            AuthMethod.PRIVATE_KEY_JWT: self._by_assertion,
            AuthMethod.TLS: self._by_certificate_name,
            AuthMethod.SELF_SIGNED_TLS: self._by_registered_certificate,
            AuthMethod.NONE: self._public,
        }

    def authenticate(self, request: HttpRequest, form: Mapping[str, str]) -> AuthenticatedClient:
        """The client behind a request. Raises InvalidClientError, or InvalidRequestError for two ways at once."""
        presented = single_presented(request, form)
        client = self._directory.enabled(presented.client_id)
        if client is None:
            _burn_the_same_time(presented)
            raise InvalidClientError
        if not presented.may_be(client.auth_method):  # C10: judged by what actually authenticates
            raise InvalidClientError
        return self._checks[client.auth_method](client, presented)

    def _by_secret(self, client: Client, presented: Presented) -> AuthenticatedClient:
        """Secrets are at least 128 random bits, so SHA-256 keeps them; compared in constant time (C14)."""
        given = hashlib.sha256(presented.evidence.encode()).digest()
        if client.secret_hash is None or not hmac.compare_digest(given, client.secret_hash):
            raise InvalidClientError
        return AuthenticatedClient(client)

    def _by_certificate_name(self, client: Client, presented: Presented) -> AuthenticatedClient:
        """RFC 8705 §2.1: an authority of ours vouches for the certificate, and it bears the registered name."""
        certificate = _parsed(presented)
        vouched = self._authorities.vouch_for(certificate, self._clock.now())
        if (
            client.certificate_rule is None
            or not vouched
            or not certificates.bears(certificate, client.certificate_rule)
        ):
            raise InvalidClientError
        return AuthenticatedClient(client)

    def _by_registered_certificate(self, client: Client, presented: Presented) -> AuthenticatedClient:
        """RFC 8705 §2.2: the very certificate that was registered; who signed it says nothing."""
        current = certificates.current_thumbprint(presented.certificate, self._clock.now())
        if current is None or current not in client.certificates:
            raise InvalidClientError
        return AuthenticatedClient(client)

    def _by_assertion(self, client: Client, presented: Presented) -> AuthenticatedClient:
        """RFC 7523 §3, with the audience rule of its revision: our issuer identifier, exactly."""
        try:
            verified = verify_client_assertion(
                presented.evidence,
                self._keys.of(client, named_key(presented.evidence)),
                client_id=client.id,
                audience=self._issuer,
                now=self._clock.now(),
                leeway=LEEWAY,
                max_age=LONGEST_ASSERTION,
            )
        except InvalidToken:
            raise InvalidClientError from None
        return AuthenticatedClient(client, _single_use(client, verified, self._clock.now()), verified.claims)

    @staticmethod
    def _public(client: Client, presented: Presented) -> AuthenticatedClient:
        del presented
        return AuthenticatedClient(client)


def single_presented(request: HttpRequest, form: Mapping[str, str]) -> Presented:
    """The one way of authentication a request uses (RFC 6749 §2.3: not more than one)."""
    offered = (_from_header(request), _from_form(form), _from_assertion(form))
    found = [one for one in offered if one is not None]
    if len(found) > 1:
        raise InvalidRequestError("Use one way of client authentication, not several.")
    if not found:
        return Presented(AuthMethod.NONE, form.get("client_id", ""), certificate=request.client_certificate)
    if form.get("client_id", found[0].client_id) != found[0].client_id:
        raise InvalidClientError
    return found[0]


def _from_header(request: HttpRequest) -> Presented | None:
    scheme, _, credentials = request.headers.get("authorization", _NO_SCHEME).partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
        client_id, colon, secret = pair.partition(":")
        if not colon:
            raise InvalidClientError
        return Presented(AuthMethod.SECRET_BASIC, decoded(client_id), decoded(secret))  # RFC 6749 §2.3.1
    except (binascii.Error, UnicodeDecodeError, ValueError, Problem):
        raise InvalidClientError from None


def _from_form(form: Mapping[str, str]) -> Presented | None:
    """RFC 6749 §2.3.1: in the body, never in an address (endpoints read forms alone)."""
    if "client_secret" not in form:
        return None
    return Presented(AuthMethod.SECRET_POST, form.get("client_id", ""), form["client_secret"])


def _parsed(presented: Presented) -> x509.Certificate:
    """The certificate that came with the connection; the proxies' door has seen that it is one."""
    if presented.certificate is None:
        raise InvalidClientError
    return x509.load_der_x509_certificate(presented.certificate)


def _from_assertion(form: Mapping[str, str]) -> Presented | None:
    if "client_assertion" not in form and "client_assertion_type" not in form:
        return None
    if form.get("client_assertion_type") != CLIENT_ASSERTION_TYPE:  # RFC 7521 §4.2
        raise InvalidClientError
    assertion = form.get("client_assertion", "")
    return Presented(AuthMethod.PRIVATE_KEY_JWT, claimed_client(assertion), assertion)


def claimed_client(assertion: str) -> str:
    """Whom an assertion says it is from. Not verified: it only tells whose keys to verify it with."""
    try:
        claimed = compact.json_object(compact.parse(assertion).payload).get("sub")
    except Refused:
        raise InvalidClientError from None
    if not isinstance(claimed, str):
        raise InvalidClientError
    return claimed


def named_key(token: str) -> str | None:
    """Which key a token says it was signed with. Not verified: it only tells which one to look for."""
    try:
        kid = compact.parse(token).header.get("kid")
    except Refused:
        return None
    return kid if isinstance(kid, str) else None


def _single_use(client: Client, verified: Verified, now: datetime) -> SpentProof:
    """RFC 7523 §3 rule 7: remembered until it could not be shown again anyway."""
    seconds = float(str(verified.claims["exp"])) - now.timestamp() + LEEWAY
    return SpentProof(ASSERTION, client.id, str(verified.claims["jti"]), now + timedelta(seconds=seconds))


def _burn_the_same_time(presented: Presented) -> None:
    """An unknown client costs one hash and one comparison, like a known one."""
    hmac.compare_digest(hashlib.sha256(presented.evidence.encode()).digest(), _NO_SECRET)
