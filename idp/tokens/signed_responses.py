"""What is signed for one client: ID and logout tokens; userinfo, introspection, authorization responses where wanted.

Where the client is registered so, what was signed is encrypted to it as a nested JWT (RFC 7519 §5.2), or not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from idp.clients.directory import ClientDirectory
from idp.errors import NotRedirected, UnauthorizedClientError
from idp.model.client import Client, Encryption
from idp.tokens import id_token, lifetimes, logout_token
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.jose import RecipientKey, SigningKey, encrypt_to, half_hash, sign
from kernel.keys import KeyRing, UnknownKey

USERINFO_TYPE = ANSWER_TYPE = "JWT"
INTROSPECTION_TYPE = "token-introspection+jwt"
"""RFC 9701 §5: the type keeps the answer from being taken for an access or ID token."""

Recipients = Callable[[Client, str], RecipientKey]
"""A client's key for an algorithm. Raises UnauthorizedClientError."""


@dataclass(frozen=True, slots=True)
class SignedResponses:
    """Signs by the algorithm a client is registered for (OpenID Connect Dynamic Client Registration 1.0 §2)."""

    issuer: str
    keys: KeyRing
    directory: ClientDirectory
    clock: Clock
    recipients: Recipients

    def id_token(self, claims: Mapping[str, JSON], access_token: str, client: Client) -> str:
        """An ID token with its `at_hash`, which follows from the algorithm (OpenID Connect Core 1.0 §3.1.3.6)."""
        key = self._key(client.id_token_alg)
        claims = {**claims, "at_hash": half_hash(access_token, key.alg)}
        return self._sealed(sign(claims, key, typ=id_token.TYPE), client, client.id_token_encryption)

    def logout_token(self, claims: Mapping[str, JSON], client: Client) -> str:
        """A logout token, signed and encrypted as the client's ID tokens are, with `iss` in the outer header as well.

        OpenID Connect Back-Channel Logout 1.0 §2.4.
        """
        signed = sign(claims, self._key(client.id_token_alg), typ=logout_token.TYPE)
        return self._sealed(signed, client, client.id_token_encryption, iss=self.issuer)

    def userinfo(self, claims: Mapping[str, JSON], client: Client) -> str:
        """Userinfo as a JWT, naming us and the client (OpenID Connect Core 1.0 §5.3.2)."""
        body = {**claims, "iss": self.issuer, "aud": client.id}
        signed = sign(body, self._key(client.userinfo_alg or client.id_token_alg), typ=USERINFO_TYPE)
        return self._sealed(signed, client, client.userinfo_encryption)

    def authorization(self, client_id: str, answer: Mapping[str, str]) -> str:
        """An authorization response as a JWT (JARM §2.1, §2.2): for this client, for ten minutes at most.

        Raises NotRedirected for one that cannot be signed or encrypted as the client is registered.
        """
        client = self.directory.enabled(client_id)
        expires = int((self.clock.now() + lifetimes.SIGNED_ANSWER).timestamp())
        body: dict[str, JSON] = {**answer, "iss": self.issuer, "aud": client_id, "exp": expires}
        if client is None:
            return sign(body, self.keys.signing(), typ=ANSWER_TYPE)
        try:
            signed = sign(body, self._key(client.authorization_alg), typ=ANSWER_TYPE)
            return self._sealed(signed, client, client.authorization_encryption)
        except UnauthorizedClientError as error:
            raise NotRedirected(error) from None

    def introspection(self, state: Mapping[str, JSON], client: Client) -> str:
        """The state of a token as a JWT for the client that examines it (RFC 9701 §5)."""
        body: dict[str, JSON] = {"iss": self.issuer, "aud": client.id, "iat": int(self.clock.now().timestamp())}
        key = self._key(client.introspection_alg or client.id_token_alg)
        signed = sign({**body, "token_introspection": dict(state)}, key, typ=INTROSPECTION_TYPE)
        return self._sealed(signed, client, client.introspection_encryption)

    def _sealed(self, signed: str, client: Client, wanted: Encryption | None, iss: str | None = None) -> str:
        """A nested JWT, where the client wants one; never the signed one instead."""
        if wanted is None:
            return signed
        key = self.recipients(client, wanted.alg)
        return encrypt_to(key, signed.encode(), alg=wanted.alg, enc=wanted.enc, cty="JWT", iss=iss)

    def _key(self, alg: str) -> SigningKey:
        try:
            return self.keys.signing(alg)
        except UnknownKey:
            raise UnauthorizedClientError(
                "This provider has no key of the algorithm the client is registered for."
            ) from None
