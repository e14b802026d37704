"""Checks of the OpenID Provider Basic plan (code flow), each named after its module."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.jose import verify, verifying_keys
from tests.doubles.browser import Browser, form_of, parameters
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import CALLBACK, RelyingParty, by_secret, claims_of, header_of


def test_oidcc_server(provider: Provider) -> None:
    party = by_secret(provider)
    tokens = party.tokens()
    assert {"access_token", "token_type", "id_token", "expires_in"} <= tokens.keys()
    claims = claims_of(tokens["id_token"])
    assert {"iss", "sub", "aud", "exp", "iat"} <= claims.keys()
    assert claims["iss"] == ISSUER
    assert len(claims["sub"]) <= 255


def test_oidcc_response_type_missing(party: RelyingParty, browser: Browser) -> None:
    back = parameters(browser.get(party.authorize_url(response_type=None)).headers["Location"])
    assert back["error"] in ("invalid_request", "unsupported_response_type")
    assert back["state"] == "state-1"


def test_oidcc_idtoken_signature_and_kid(party: RelyingParty, provider: Provider) -> None:
    id_token = party.tokens()["id_token"]
    keys = verifying_keys(party.http.get("/jwks").json)
    assert header_of(id_token)["kid"] in {key.kid for key in keys}
    assert header_of(id_token)["alg"] == "ES256"
    verify(id_token, keys, typ="JWT", issuer=ISSUER, audience=party.id, now=provider.clock.now(), max_age=600)


@pytest.mark.parametrize("how", ["get", "post-header", "post-body"])
def test_oidcc_userinfo(party: RelyingParty, how: str) -> None:
    tokens = party.tokens()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = {
        "get": lambda: party.http.get("/userinfo", headers=bearer),
        "post-header": lambda: party.http.post("/userinfo", headers=bearer),
        "post-body": lambda: party.http.post("/userinfo", data={"access_token": tokens["access_token"]}),
    }[how]()
    assert answer.json["sub"] == claims_of(tokens["id_token"])["sub"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(party: RelyingParty) -> None:
    assert "nonce" not in claims_of(party.tokens(nonce=None)["id_token"])


@pytest.mark.parametrize("scope", ["profile", "email", "address", "phone", "profile email address phone"])
def test_oidcc_scope(provider: Provider, scope: str) -> None:
    """A scope that does not exist here (`address`) is ignored, not an error; a claim nobody knows is left out."""
    party = RelyingParty(provider, scope="openid profile email phone")
    tokens = party.tokens(scope=f"openid {scope}")
    assert tokens["scope"].split() == ["openid", *(each for each in scope.split() if each != "address")]
    userinfo = party.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}).json
    assert ("name" in userinfo) is ("profile" in scope)
    assert None not in userinfo.values()


@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display(party: RelyingParty, display: str) -> None:
    assert party.tokens(display=display)["id_token"]


def test_oidcc_prompt_login(party: RelyingParty, browser: Browser, provider: Provider) -> None:
    first = claims_of(party.tokens(browser)["id_token"])
    provider.clock.advance(1)
    page = browser.follow(browser.get(party.authorize_url(prompt="login")))
    assert "password" in form_of(page).names
    second = claims_of(party.tokens(browser, prompt="login")["id_token"])
    assert second["auth_time"] > first["auth_time"]
    assert second["sub"] == first["sub"]


def test_oidcc_prompt_none_not_logged_in(party: RelyingParty, browser: Browser) -> None:
    assert parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])["error"] == "login_required"


def test_oidcc_prompt_none_logged_in(party: RelyingParty, browser: Browser) -> None:
    first = claims_of(party.tokens(browser)["id_token"])
    code = parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])["code"]
    second = claims_of(party.redeem(code).json["id_token"])
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


def test_oidcc_max_age_1(party: RelyingParty, browser: Browser, provider: Provider) -> None:
    first = claims_of(party.tokens(browser)["id_token"])
    provider.clock.advance(2)
    second = claims_of(party.tokens(browser, max_age="1")["id_token"])
    assert second["auth_time"] > first["auth_time"]


def test_oidcc_max_age_10000(party: RelyingParty, browser: Browser, provider: Provider) -> None:
    first = claims_of(party.tokens(browser)["id_token"])
    provider.clock.advance(2)
    second = claims_of(party.tokens(browser, max_age="10000")["id_token"])
    assert second["auth_time"] == first["auth_time"]


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(party: RelyingParty) -> None:
    assert party.tokens(extra="foobar")["id_token"]


def test_oidcc_id_token_hint(party: RelyingParty, browser: Browser) -> None:
    hint = party.tokens(browser)["id_token"]
    back = parameters(browser.get(party.authorize_url(prompt="none", id_token_hint=hint)).headers["Location"])
    assert claims_of(party.redeem(back["code"]).json["id_token"])["sub"] == claims_of(hint)["sub"]


def test_oidcc_id_token_hint_of_somebody_else_is_not_answered_silently(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider)
    other = Browser(provider)
    hint = party.redeem(other.walk(party.authorize_url(), username="li")["code"]).json["id_token"]
    party.tokens(browser)
    back = parameters(browser.get(party.authorize_url(prompt="none", id_token_hint=hint)).headers["Location"])
    assert back["error"] == "login_required"


def test_oidcc_login_hint(party: RelyingParty, browser: Browser) -> None:
    page = browser.follow(browser.get(party.authorize_url(login_hint='wang"><b>')))
    assert "wang&#34;&gt;&lt;b&gt;" in page.text or "wang&quot;&gt;&lt;b&gt;" in page.text


def test_oidcc_ui_locales(party: RelyingParty, browser: Browser) -> None:
    page = browser.follow(browser.get(party.authorize_url(ui_locales="en fr")))
    assert 'lang="en"' in page.text.split("<head>")[0]
    assert party.tokens(ui_locales="se", claims_locales="se")["id_token"]


@pytest.mark.parametrize("values", ["1 2", "urn:example:unknown", "urn:tongban:loa:2"])
def test_oidcc_ensure_request_with_acr_values_succeeds(party: RelyingParty, values: str) -> None:
    assert claims_of(party.tokens(acr_values=values)["id_token"])["acr"]


@pytest.mark.parametrize("seconds", [0, 30])
def test_oidcc_codereuse(party: RelyingParty, provider: Provider, seconds: int) -> None:
    code = party.code()
    tokens = party.redeem(code).json
    provider.clock.advance(seconds)
    assert party.redeem(code).json["error"] == "invalid_grant"
    provider.settle()
    assert party.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code == 401


def test_oidcc_ensure_registered_redirect_uri(party: RelyingParty, browser: Browser) -> None:
    answer = browser.get(party.authorize_url(redirect_uri=f"{CALLBACK}?foo=bar"))
    assert (answer.status_code, answer.mimetype) == (400, "text/html")


def test_oidcc_ensure_post_request_succeeds(party: RelyingParty, browser: Browser) -> None:
    answer = browser.post(
        "/authorize", party.request(), Origin="https://market.example", **{"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 303
    assert "password" in form_of(browser.follow(answer)).names


def test_oidcc_server_client_secret_post_is_not_offered(provider: Provider) -> None:
    party = by_secret(provider)
    fields = {"grant_type": "client_credentials", "client_id": party.id, "client_secret": party.secret}
    answer = party.http.post("/token", data=fields)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    party: RelyingParty, browser: Browser
) -> None:
    back = parameters(browser.get(party.authorize_url(request="eyJhbGciOiJub25lIn0.e30.")).headers["Location"])
    assert back["error"] == "invalid_request_object"


def test_oidcc_claims_essential_is_ignored_where_claims_are_not_supported(party: RelyingParty) -> None:
    assert party.tokens(claims='{"userinfo":{"name":{"essential":true}}}')["id_token"]


def test_oidcc_refresh_token(provider: Provider) -> None:
    party, other = by_secret(provider), by_secret(provider)
    first = party.tokens()
    second = party.refresh(first["refresh_token"]).json
    before, after = claims_of(first["id_token"]), claims_of(second["id_token"])
    assert all(before[name] == after[name] for name in ("iss", "sub", "aud", "auth_time"))
    assert second["refresh_token"] != first["refresh_token"]
    assert other.refresh(second["refresh_token"]).json["error"] == "invalid_grant"


def test_oidcc_ensure_request_with_valid_pkce_succeeds(party: RelyingParty) -> None:
    assert party.tokens()["id_token"]


def test_oidcc_discovery_config(party: RelyingParty) -> None:
    answer = party.http.get("/.well-known/openid-configuration")
    assert answer.mimetype == "application/json"
    metadata: dict[str, Any] = answer.json
    required = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"}
    required |= {"subject_types_supported", "id_token_signing_alg_values_supported"}
    assert required <= metadata.keys()
    assert not metadata["issuer"].endswith("/")
    keys = party.http.get(metadata["jwks_uri"].removeprefix(ISSUER)).json["keys"]
    assert keys
    assert not [key for key in keys if {"d", "k", "p", "q"} & key.keys()]
    assert len({key["kid"] for key in keys}) == len(keys)
