"""CIBA Core 1.0 §7.1.1: what is not signed by the clerk's system, for us, now and for the first time, is no request."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.administration.errors import AdministrationError
from idp.store.tables import client as client_table
from kernel import jose
from kernel.jose import base64url
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from tests.doubles.identity_provider import ISSUER, START, Provider
from tests.doubles.relying_party import ENTROPY, RelyingParty, key_pair, raw_jws

GRANT = "urn:openid:params:grant-type:ciba"
SIGNING = "backchannel_authentication_request_signing_alg"
NOW = int(START.timestamp())


class Window(RelyingParty):
    """A clerk's system that signs what it asks."""

    def __init__(self, provider: Provider, **metadata: Any) -> None:
        made = {"grant_types": [GRANT], "redirect_uris": [], "backchannel_token_delivery_mode": "poll"}
        members = {**made, SIGNING: "ES256", **metadata}
        super().__init__(provider, **{name: value for name, value in members.items() if value is not None})
        self._number = 0

    def object(
        self, *, key: jose.SigningKey | None = None, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """A request as §7.1.1 wants it; None leaves a claim out."""
        signer, now = key or self.key, int(self.provider.clock.now().timestamp())
        assert signer is not None
        self._number += 1
        made = {
            "iss": self.id, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300, "jti": f"r{self._number}",
            "scope": "openid profile", "login_hint": "wang", "binding_message": "取件码 4711",
        } | changes  # fmt: skip
        claims = {name: value for name, value in made.items() if value is not None}
        return raw_jws({"alg": signer.alg, "typ": "JWT", "kid": signer.kid} | (header or {}), claims, signer)

    def ask(self, text: str, **beside: str) -> TestResponse:
        return self.form("/bc-authorize", {"request": text, **beside})


@pytest.fixture
def window(provider: Provider) -> Window:
    return Window(provider)


def refused(answer: TestResponse) -> bool:
    return (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def asked(provider: Provider) -> int:
    return len(provider.events("BackchannelAuthenticationRequested"))


def test_7_1_1_a_signed_request_is_taken_with_its_numbers(provider: Provider, window: Window) -> None:
    """`requested_expiry` may be a JSON number."""
    answer = window.ask(window.object(requested_expiry=45, client_id=window.id))
    assert (answer.status_code, answer.json["expires_in"]) == (200, 45), answer.text
    assert window.ask(window.object(requested_expiry="60")).json["expires_in"] == 60
    assert asked(provider) == 2


def test_7_1_1_the_same_request_comes_once(either_provider: Provider) -> None:
    """By its `jti`, also after another one, and until it has expired."""
    window = Window(either_provider)
    text = window.object(jti="once")
    assert window.ask(text).status_code == 200
    assert refused(window.ask(text))
    assert refused(window.ask(window.object(jti="once", login_hint="li")))
    assert window.ask(window.object()).status_code == 200
    assert asked(either_provider) == 2
    other = Window(either_provider)
    assert other.ask(other.object(jti="once")).status_code == 200  # each client has its own numbers


def test_a_client_that_must_sign_and_cannot_here_is_refused(provider: Provider) -> None:
    """RFC 9101 §10.5: registered before these requests could be signed, which registration has refused since."""
    window = Window(provider, **{SIGNING: None})
    plain = {"scope": "openid profile", "login_hint": "wang"}
    assert window.form("/bc-authorize", plain).status_code == 200
    old = {**provider.administration.clients.show(window.id), "require_signed_request_object": True}
    with pytest.raises(AdministrationError):
        provider.administration.clients.update(window.id, old)
    row = client_table.update().where(client_table.c.id == window.id).values(metadata=json.dumps(old))
    provider.database.write(lambda connection: connection.execute(row))
    node = window.on(provider.another_node())
    assert refused(node.form("/bc-authorize", plain))
    assert refused(node.form("/bc-authorize", {"request": window.object()}))


def test_7_1_1_what_could_not_be_kept_has_used_nothing_up(
    provider: Provider, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> Any:
        raise LedgerUnavailable("disk full")

    text = window.object()
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "append", fail)
        assert window.ask(text).status_code == 503
    assert window.ask(text).status_code == 200
    assert asked(provider) == 1


WRONG: tuple[dict[str, Any], ...] = (
    {"iss": "somebody"},
    {"iss": None},
    {"aud": None},
    {"aud": f"{ISSUER}/bc-authorize"},
    {"aud": [ISSUER, "https://other.example"]},
    {"aud": [ISSUER]},
    {"exp": None},
    {"exp": NOW},
    {"exp": NOW + 4000},
    {"exp": True},
    {"nbf": None},
    {"nbf": NOW + 60},
    {"iat": None},
    {"iat": NOW + 60},
    {"iat": "0"},
    {"jti": None},
    {"jti": ""},
    {"jti": 7},
    {"request": "x"},
    {"request_uri": "urn:x"},
    {"login_hint": "a\0b"},
    {"requested_expiry": 1.5},
)


def test_7_1_1_every_claim_is_checked(provider: Provider, window: Window) -> None:
    """One provider for all of them, since nothing is kept of any."""
    for wrong in WRONG:
        assert refused(window.ask(window.object(**wrong))), wrong
    assert asked(provider) == 0


def test_C9_an_assertion_of_the_client_is_no_request_of_it(provider: Provider, window: Window) -> None:
    assert refused(window.ask(window.object(sub=window.id)))
    assert asked(provider) == 0


def hs256_with_the_public_key(window: Window) -> str:
    assert window.key is not None
    head, body, _ = window.object(header={"alg": "HS256"}).split(".")
    secret = json.dumps(dict(window.key.verifying().jwk)).encode()
    mac = hmac.digest(secret, f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{base64url.encode(mac)}"


def unsigned(window: Window) -> str:
    _, body, _ = window.object().split(".")
    return f"{base64url.encode(json.dumps({'alg': 'none'}).encode())}.{body}."


FORGED: dict[str, Callable[[Window], str]] = {
    "alg none": unsigned,
    "HS256 with the public key": hs256_with_the_public_key,
    "another's key": lambda window: window.object(key=key_pair()[0]),
    "typ of an object for /authorize": lambda window: window.object(header={"typ": "oauth-authz-req+jwt"}),
    "typ of a client assertion": lambda window: window.object(header={"typ": "client-authentication+jwt"}),
    "its own key in the header": lambda window: window.object(header={"jwk": {"kty": "EC"}}),
    "no token": lambda _window: "x",
    "encrypted": lambda _window: "a.b.c.d.e",
}


def test_C9_the_signature_is_the_registered_keys(provider: Provider, window: Window) -> None:
    for attack, forged in FORGED.items():
        assert refused(window.ask(forged(window))), attack
    assert asked(provider) == 0


def test_4_only_the_registered_algorithm(provider: Provider) -> None:
    """A second key of the client's, which is good for its assertions, does not sign these."""
    edwards = jose.generate_ed25519(ENTROPY)
    signer = jose.SigningKey.from_private_jwk({**edwards, "alg": "EdDSA", "kid": "ed"})
    own, curve = key_pair()
    window = Window(provider, jwks={"keys": [curve, dict(signer.verifying().jwk)]})
    window.key = own
    assert refused(window.ask(window.object(key=signer)))
    assert window.ask(window.object()).status_code == 200


def test_7_1_1_nothing_stands_beside_it(provider: Provider, window: Window) -> None:
    for beside in ({"login_hint": "li"}, {"scope": "openid"}, {"request_uri": "urn:x"}, {"other": "x"}):
        assert refused(window.ask(window.object(), **beside))
    assert asked(provider) == 0


def test_7_1_1_a_client_that_signs_cannot_be_spoken_for_unsigned(provider: Provider, window: Window) -> None:
    assert refused(window.form("/bc-authorize", {"scope": "openid", "login_hint": "wang"}))
    plain = Window(provider, **{SIGNING: None})
    assert refused(plain.ask(plain.object()))
    assert plain.form("/bc-authorize", {"scope": "openid", "login_hint": "wang"}).status_code == 200
    assert asked(provider) == 1


def test_4_what_is_registered_holds_together(provider: Provider) -> None:
    for wrong in (
        {SIGNING: "HS256"},
        {SIGNING: "none"},
        {SIGNING: 1},
        {"grant_types": ["authorization_code"], "redirect_uris": ["https://a.example/"]},
        {SIGNING: None, "require_signed_request_object": True},
    ):
        with pytest.raises(AdministrationError):
            Window(provider, **wrong)
    held = Window(provider, tongban_profile="fapi2-message-signing")
    assert held.id
