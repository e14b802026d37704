"""A relying party that registered itself over HTTP (RFC 7591), with an operator's invitation."""

from __future__ import annotations

from typing import Any

from werkzeug.test import Client, TestResponse

from idp.model.invitation import Terms
from kernel import jose
from tests.doubles.identity_provider import ISSUER, MARKET, Provider
from tests.doubles.relying_party import CALLBACK, LOGGED_OUT, RelyingParty, key_pair

SCOPES = frozenset({"openid", "profile"})
GRANTS = frozenset({"authorization_code", "refresh_token"})
WEBSITE: dict[str, Any] = {
    "client_name": "Website",
    "redirect_uris": [CALLBACK],
    "post_logout_redirect_uris": [LOGGED_OUT],
    "grant_types": sorted(GRANTS),
    "token_endpoint_auth_method": "private_key_jwt",
}


def register(provider: Provider, **metadata: Any) -> TestResponse:
    """The answer to a registration with a fresh invitation; None leaves a member out."""
    invitation = provider.administration.clients.invite(Terms(MARKET, SCOPES, GRANTS))["initial_access_token"]
    sent = {name: value for name, value in (WEBSITE | metadata).items() if value is not None}
    headers = {"Authorization": f"Bearer {invitation}"}
    return Client(provider.app).post("/register", json=sent, headers=headers, base_url=ISSUER)


class SelfRegistered(RelyingParty):
    """A client that nobody but itself described."""

    def __init__(self, provider: Provider, key: jose.SigningKey | None = None, **metadata: Any) -> None:
        self.provider, self.http, self.always = provider, Client(provider.app), {}
        if key is None:
            key, public = key_pair()
            metadata.setdefault("jwks", {"keys": [public]})
        answer = register(provider, **metadata)
        assert answer.status_code == 201, answer.text
        self.registered = dict(answer.json)
        self.id = self.registered["client_id"]
        self.secret = self.registered.get("client_secret")
        self.key = key if self.secret is None else None
        provider.settle()
