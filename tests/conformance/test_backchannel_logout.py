"""Checks of the Back-Channel Logout plan, one test for each check of its two modules."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.serving import make_server

from idp.clients.reach import GuardedReach
from kernel.jose import verify, verifying_keys
from tests.doubles.browser import Browser, parameters
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import LOGGED_OUT, RelyingParty, claims_of, header_of
from tests.doubles.self_registered import SelfRegistered

OUT = "https://market.example/backchannel_logout"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    return SelfRegistered(provider, backchannel_logout_uri=OUT, backchannel_logout_session_required=True)


class SignedOut:
    """A sign-in, and then a sign-out at the end session endpoint."""

    def __init__(self, party: RelyingParty, browser: Browser) -> None:
        self.id_token: dict[str, Any] = claims_of((tokens := party.tokens(browser))["id_token"])
        query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": LOGGED_OUT, "state": "abc"}
        self.answer = browser.get(f"/logout?{urlencode(query)}")
        [self.token] = party.provider.departments.tokens(OUT)
        self.claims = claims_of(self.token)


@pytest.fixture
def out(party: RelyingParty, browser: Browser) -> SignedOut:
    return SignedOut(party, browser)


def test_oidcc_backchannel_logout_discovery_endpoint_verification(party: RelyingParty) -> None:
    said = party.http.get("/.well-known/openid-configuration").json
    assert said["backchannel_logout_supported"] is True
    assert said["backchannel_logout_session_supported"] is True
    assert said["end_session_endpoint"]


def test_oidcc_backchannel_rp_initiated_logout(out: SignedOut, party: RelyingParty, browser: Browser) -> None:
    """The person is sent back with `state`, and is signed out."""
    assert out.answer.headers["Location"] == f"{LOGGED_OUT}?state=abc"
    back = parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])
    assert back["error"] == "login_required"


def test_logout_token_is_the_only_parameter(out: SignedOut, provider: Provider) -> None:
    """§2.5: a form with `logout_token` and nothing else, as it is sent over a real connection."""
    [(_, fields)] = provider.departments.told
    received: list[bytes] = []

    def answer(environ: Any, start: Any) -> list[bytes]:
        received.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        received.append(environ["CONTENT_TYPE"].encode())
        start("200 OK", [("Cache-Control", "no-store")])
        return []

    server = make_server("127.0.0.1", 0, answer)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    reach = GuardedReach(private=False, loopback=True)
    status = reach.post(f"http://127.0.0.1:{server.server_port}/out", fields)
    thread.join(5)
    server.server_close()
    assert status == 200
    assert received == [f"logout_token={out.token}".encode(), b"application/x-www-form-urlencoded"]


def test_logout_token_signature(out: SignedOut, party: RelyingParty, provider: Provider) -> None:
    """§2.6: signed as ID tokens are, never `none`, with the explicit type of §2.4."""
    keys = verifying_keys(party.http.get("/jwks").json)
    now = provider.clock.now()
    assert verify(out.token, keys, typ="logout+jwt", issuer=ISSUER, audience=party.id, now=now, max_age=120)
    assert header_of(out.token)["alg"] == "ES256"


def test_logout_token_claims(out: SignedOut, party: RelyingParty, provider: Provider) -> None:
    """§2.4: iss, aud, iat, exp, jti, and the event with an empty object."""
    now = int(provider.clock.now().timestamp())
    assert (out.claims["iss"], out.claims["aud"]) == (ISSUER, party.id)
    assert out.claims["iat"] == now
    assert now < out.claims["exp"] <= now + 120
    assert out.claims["jti"]
    assert out.claims["events"] == {EVENT: {}}


def test_logout_token_has_no_nonce(out: SignedOut) -> None:
    assert "nonce" not in out.claims


def test_logout_token_sub_and_sid_are_the_id_tokens(out: SignedOut) -> None:
    assert (out.claims["sub"], out.claims["sid"]) == (out.id_token["sub"], out.id_token["sid"])


def test_logout_token_cannot_pass_for_an_id_token(out: SignedOut, browser: Browser) -> None:
    """§2.4: neither by its type nor by its claims."""
    assert browser.get(f"/logout?id_token_hint={out.token}").status_code == 400
