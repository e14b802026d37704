"""A department's client for tests: it authenticates, proves possession, and misbehaves on demand."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import Client, TestResponse

from kernel import jose
from kernel.canonical import JSON
from kernel.entropy import SystemEntropy
from kernel.jose import base64url
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import CASE, EXCHANGE, SERVICE_ITEM, URBAN, Provider

ASSERTION_TYPE = jose.CLIENT_ASSERTION_TYPE
CALLBACK = "https://market.example/callback"
LOGGED_OUT = "https://market.example/bye"
VERIFIER = "v" * 64
CHALLENGE = base64url.encode(hashlib.sha256(VERIFIER.encode()).digest())
ENTROPY = SystemEntropy()


def key_pair() -> tuple[jose.SigningKey, dict[str, JSON]]:
    """A signing key and its public JWK."""
    private = jose.generate_p256(ENTROPY)
    key = jose.SigningKey.from_private_jwk(private, "ES256")
    return key, dict(key.jwk)


class ProofKey:
    """A DPoP key."""

    def __init__(self, provider: Provider) -> None:
        self._clock = provider.clock
        self.key = jose.SigningKey.from_private_jwk(jose.generate_p256(ENTROPY), "ES256")
        self.public = {name: self.key.jwk[name] for name in ("kty", "crv", "x", "y")}
        self.jkt = jose.thumbprint(self.public)

    def proof(self, method: str, url: str, access_token: str | None = None, **changes: Any) -> str:
        made = jose.proof_claims(method, url, now=self._clock.now(), entropy=ENTROPY, access_token=access_token)
        return jose.prove(made | changes, self.key)


def raw_jws(header: dict[str, Any], claims: Any, key: jose.SigningKey | None) -> str:
    """A JWS whose header says whatever the test wants; unsigned without a key."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signing_input = f"{base64url.encode(json.dumps(header).encode())}.{base64url.encode(payload)}"
    signature = key.sign(signing_input.encode()) if key else b""
    return f"{signing_input}.{base64url.encode(signature)}"


class RelyingParty:
    """One registered client."""

    def __init__(self, provider: Provider, app: Any = None, **metadata: Any) -> None:
        self.provider = provider
        self.always: dict[str, str] = {}
        self.http = Client(app or provider.app)
        self.key: jose.SigningKey | None = None
        method = metadata.get("token_endpoint_auth_method", "private_key_jwt")
        if method == "private_key_jwt":
            self.key, public = key_pair()
            if "jwks_uri" not in metadata:
                metadata.setdefault("jwks", {"keys": [public]})
        self.registered = provider.register(**(DEFAULTS | {"token_endpoint_auth_method": method} | metadata))
        self.id: str = self.registered["client_id"]
        self.secret: str | None = self.registered.get("client_secret")

    def on(self, app: Any) -> RelyingParty:
        """The same client, talking to another node."""
        twin = object.__new__(RelyingParty)
        twin.__dict__ = {**self.__dict__, "http": Client(app)}
        return twin

    def request(self, **changes: Any) -> dict[str, str]:
        """The parameters of an ordinary authorization request; None leaves one out."""
        asked = {
            "client_id": self.id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (asked | self.always | changes).items() if value is not None}

    def authorize_url(self, **changes: Any) -> str:
        return f"/authorize?{urlencode(self.request(**changes))}"

    def request_object(
        self, *, key: jose.SigningKey | None = None, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """The ordinary request, signed (RFC 9101); None leaves a claim out."""
        signer, now = key or self.key, int(self.provider.clock.now().timestamp())
        assert signer is not None
        about = {"iss": self.id, "aud": self.provider.settings.issuer, "nbf": now, "exp": now + 300}
        made = {name: value for name, value in (about | self.request() | changes).items() if value is not None}
        return raw_jws(
            {"alg": signer.alg, "typ": "oauth-authz-req+jwt", "kid": signer.kid} | (header or {}), made, signer
        )

    def signed_url(self, **changes: Any) -> str:
        return f"/authorize?{urlencode({'client_id': self.id, 'request': self.request_object(**changes)})}"

    def push(self, dpop: ProofKey | None = None, **changes: Any) -> TestResponse:
        return self.form("/par", self.request(**changes), dpop)

    def pushed_url(self, dpop: ProofKey | None = None, **changes: Any) -> str:
        answer = self.push(dpop, **changes)
        assert answer.status_code == 201, answer.text
        return f"/authorize?{urlencode({'client_id': self.id, 'request_uri': answer.json['request_uri']})}"

    def code(self, browser: Browser | None = None, **changes: Any) -> str:
        """A code, after everything a person has to do."""
        back = (browser or Browser(self.provider)).walk(self.authorize_url(**changes))
        assert "code" in back, back
        return back["code"]

    def redeem(self, code: str, dpop: ProofKey | None = None, **changes: Any) -> TestResponse:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return self.form("/token", grant | changes, dpop)

    def tokens(self, browser: Browser | None = None, dpop: ProofKey | None = None, **changes: Any) -> dict[str, Any]:
        answer = self.redeem(self.code(browser, **changes), dpop)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def refresh(self, refresh_token: str, dpop: ProofKey | None = None, **changes: Any) -> TestResponse:
        return self.form("/token", {"grant_type": "refresh_token", "refresh_token": refresh_token} | changes, dpop)

    def own_token(self, dpop: ProofKey | None = None, act: Any = None, **changes: Any) -> TestResponse:
        """A client-credentials token."""
        return self.form("/token", {"grant_type": "client_credentials"} | changes, dpop, act=act)

    def introspect(self, text: str) -> dict[str, Any]:
        answer = self.form("/introspect", {"token": text})
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def form(
        self, path: str, fields: dict[str, Any], dpop: ProofKey | None = None, act: Any = None, **headers: str
    ) -> TestResponse:
        """Post a form as this client."""
        sent = {name: value for name, value in fields.items() if value is not None}
        more, own = self.credentials(**({"act": act} if act else {}))
        if dpop is not None:
            own["DPoP"] = dpop.proof("POST", self.provider.settings.issuer + path)
        return self.http.post(
            path, data={**more, **sent}, headers=own | headers, base_url=self.provider.settings.issuer
        )

    def credentials(self, **claims: Any) -> tuple[dict[str, str], dict[str, str]]:
        """Form fields and headers that authenticate this client."""
        if self.key is not None:
            return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion(**claims)}, {}
        if self.secret is not None:
            pair = base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()
            return {}, {"Authorization": f"Basic {pair}"}
        return {"client_id": self.id}, {}

    def assertion(
        self, *, key: jose.SigningKey | None = None, header: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        signer = key or self.key
        assert signer is not None
        now, issuer = self.provider.clock.now(), self.provider.settings.issuer
        made = jose.assertion_claims(self.id, issuer, now=now, entropy=ENTROPY) | claims
        made = {name: value for name, value in made.items() if value is not None}
        return raw_jws({"alg": signer.alg, "typ": "JWT", "kid": signer.kid} | (header or {}), made, signer)


def with_rsa_keys(provider: Provider, **metadata: Any) -> Iterator[tuple[RelyingParty, jose.SigningKey]]:
    """Clients of FAPI 2.0 that are accepted by one key, and an RSA key of each for RS256.

    Registered for PS256; then published under `jwks_uri`, for RS256 outright, beside another.
    """
    private = jose.generate_rsa()
    strong, weak = (jose.SigningKey.from_private_jwk(private, alg) for alg in ("PS256", "RS256"))
    registered = RelyingParty(provider, tongban_profile="fapi2", jwks={"keys": [dict(strong.jwk)]}, **metadata)
    registered.key = strong
    yield registered, weak
    publishing = RelyingParty(provider, tongban_profile="fapi2", jwks_uri="https://market.example/jwks", **metadata)
    assert publishing.key is not None
    keys = [dict(weak.jwk), dict(publishing.key.jwk)]
    provider.departments.published["https://market.example/jwks"] = {"keys": keys}
    yield publishing, weak


DEFAULTS: dict[str, Any] = {
    "redirect_uris": [CALLBACK, "https://market.example/other"],
    "post_logout_redirect_uris": [LOGGED_OUT],
    "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
    "scope": "openid profile cases",
    "tongban_service_items": [SERVICE_ITEM],
}


def public_client(provider: Provider, **metadata: Any) -> RelyingParty:
    return RelyingParty(
        provider,
        token_endpoint_auth_method="none",
        **({"grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile"} | metadata),
    )


def by_secret(provider: Provider, **metadata: Any) -> RelyingParty:
    return RelyingParty(provider, token_endpoint_auth_method="client_secret_basic", **metadata)


PERMITS = "https://permits.example/api"


def permits(provider: Provider, *clients: RelyingParty) -> None:
    """A resource server of the urban management department, and whom it lets in."""
    provider.administration.resources.put(
        {
            "resource": PERMITS,
            "tongban_organisation": URBAN,
            "scopes": {
                "permits:read": {"zh": "查看许可", "en": "Read permits"},
                "permits:file": {"zh": "申办许可", "en": "File for permits"},
            },
            "clients": [each.id for each in clients],
        }
    )
    provider.settle()


def detail(**changes: Any) -> dict[str, Any]:
    """An ordinary authorization detail."""
    asked = {
        "type": "urn:tongban:params:evidence",
        "locations": [EXCHANGE],
        "service_item": SERVICE_ITEM,
        "case": CASE,
        "legal_basis": "rules-3",
        "evidence": [{"type": "household-register", "fields": ["name", "address"]}],
    }
    return {name: value for name, value in (asked | changes).items() if value is not None}


def details(*each: dict[str, Any]) -> str:
    return json.dumps(list(each) or [detail()])


def claims_of(compact: str) -> dict[str, Any]:
    """The claims of a token, unverified: what stands in it."""
    return dict(json.loads(base64url.decode(compact.split(".")[1])))


def header_of(compact: str) -> dict[str, Any]:
    return dict(json.loads(base64url.decode(compact.split(".")[0])))
