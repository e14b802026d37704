"""Checks of the FAPI 2.0 Security Profile plan that apply to this form (PAR, DPoP, private_key_jwt)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles.browser import Browser, parameters
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, claims_of


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A client held to the profile."""
    return RelyingParty(provider, require_pushed_authorization_requests=True, dpop_bound_access_tokens=True)


@pytest.fixture
def key(provider: Provider) -> ProofKey:
    return ProofKey(provider)


def outcome(party: RelyingParty, key: ProofKey, username: str = "wang", **changes: Any) -> dict[str, Any]:
    back = Browser(party.provider).walk(party.pushed_url(key, **changes), username=username)
    answer = party.redeem(back["code"], key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json) | {"state": back.get("state")}


def test_happy_flow(party: RelyingParty, key: ProofKey) -> None:
    tokens = outcome(party, key)
    assert tokens["token_type"] == "DPoP"
    userinfo = f"{ISSUER}/userinfo"
    headers = {
        "Authorization": f"DPoP {tokens['access_token']}",
        "DPoP": key.proof("GET", userinfo, tokens["access_token"]),
    }
    assert party.http.get("/userinfo", headers=headers).json["sub"] == claims_of(tokens["id_token"])["sub"]


def test_user_rejects_authentication(party: RelyingParty, key: ProofKey) -> None:
    back = Browser(party.provider).walk(party.pushed_url(key), decision="deny")
    assert (back["error"], back["iss"]) == ("access_denied", ISSUER)


@pytest.mark.parametrize(
    "changes",
    [{"state": None}, {"nonce": None}, {"nonce": "n" * 64}, {"state": "s" * 384}, {"scope": "profile openid"}],
)
def test_variants_of_the_request_succeed(party: RelyingParty, key: ProofKey, changes: dict[str, Any]) -> None:
    tokens = outcome(party, key, **changes)
    assert tokens["state"] == changes.get("state", "state-1")
    assert claims_of(tokens["id_token"]).get("nonce") == changes.get("nonce", "nonce-1")


def test_token_type_case_insensitivity(party: RelyingParty, key: ProofKey) -> None:
    token = outcome(party, key)["access_token"]
    for scheme in ("dpop", "DPOP"):
        headers = {"Authorization": f"{scheme} {token}", "DPoP": key.proof("GET", f"{ISSUER}/userinfo", token)}
        assert party.http.get("/userinfo", headers=headers).status_code == 200


@pytest.mark.parametrize(("seconds", "accepted"), [(-10, True), (9, True), (30, False), (-120, False)])
def test_dpop_proof_iat_within_reason(party: RelyingParty, provider: Provider, seconds: int, accepted: bool) -> None:
    key = ProofKey(provider)
    code = Browser(provider).walk(party.pushed_url(key))["code"]
    issued = int(provider.clock.now().timestamp()) + seconds
    fields, headers = party.credentials()
    grant = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": party.request()["redirect_uri"],
        "code_verifier": "v" * 64,
    }
    proof = key.proof("POST", f"{ISSUER}/token", iat=issued)
    answer = party.http.post("/token", data=grant | fields, headers={**headers, "DPoP": proof}, base_url=ISSUER)
    assert (answer.status_code == 200) is accepted


def test_mismatched_dpop_jkt(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    assert party.push(key, dpop_jkt=ProofKey(provider).jkt).json["error"] == "invalid_dpop_proof"
    code = Browser(provider).walk(party.pushed_url(dpop_jkt=key.jkt))["code"]
    assert party.redeem(code, ProofKey(provider)).json["error"] == "invalid_grant"


def test_authorization_request_without_par_fails(party: RelyingParty, browser: Browser) -> None:
    assert parameters(browser.get(party.authorize_url()).headers["Location"])["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", ["code id_token", "token", "id_token"])
def test_response_type_other_than_code_fails(party: RelyingParty, key: ProofKey, response_type: str) -> None:
    answer = party.push(key, response_type=response_type)
    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_response_type")


def test_client_bound_to_code(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    other = RelyingParty(provider, dpop_bound_access_tokens=True)
    code = Browser(provider).walk(party.pushed_url(key))["code"]
    assert other.redeem(code, key).json["error"] == "invalid_grant"


def test_holder_of_key_required(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    code = Browser(provider).walk(party.pushed_url())["code"]
    assert party.redeem(code).json["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("audience", [[ISSUER], f"{ISSUER}/par", f"{ISSUER}/token"])
def test_client_assertion_audience(party: RelyingParty, key: ProofKey, audience: Any) -> None:
    fields = {**party.request(), **party.credentials()[0], "client_assertion": party.assertion(aud=audience)}
    assert party.http.post("/par", data=fields, base_url=ISSUER).status_code == 401


@pytest.mark.parametrize("claims", [{"exp": 1}, {"sub": None}])
def test_client_assertion_expired_or_without_sub(party: RelyingParty, claims: dict[str, Any]) -> None:
    fields = {**party.request(), **party.credentials()[0], "client_assertion": party.assertion(**claims)}
    assert party.http.post("/par", data=fields, base_url=ISSUER).status_code == 401


def test_par_request_uri_reuse(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    """Before the person has answered the page may be loaded again; afterwards it may not."""
    browser, url = Browser(provider), party.pushed_url(key)
    assert [browser.get(url).status_code for _ in range(2)] == [303, 303]
    browser.walk(url)
    assert browser.get(url).status_code == 400


def test_par_endpoint_rejects_request_uri_and_get(party: RelyingParty, key: ProofKey) -> None:
    assert party.push(key, request_uri="urn:ietf:params:oauth:request_uri:x").json["error"] == "invalid_request"
    assert party.http.get("/par").status_code in (404, 405)


def test_par_attempt_to_use_duplicate_parameters(party: RelyingParty) -> None:
    fields = {**party.request(), **party.credentials()[0]}
    body = "&".join(f"{name}={value}" for name, value in fields.items()) + "&scope=openid"
    answer = party.http.post("/par", data=body, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changes", [{"code_challenge": None}, {"code_challenge_method": "plain"}, {"code_challenge_method": None}]
)
def test_pkce_required(party: RelyingParty, key: ProofKey, changes: dict[str, Any]) -> None:
    assert party.push(key, **changes).json["error"] == "invalid_request"


@pytest.mark.parametrize("verifier", [None, "w" * 64])
def test_pkce_verifier_required_and_right(party: RelyingParty, key: ProofKey, verifier: str | None) -> None:
    code = Browser(party.provider).walk(party.pushed_url(key))["code"]
    assert party.redeem(code, key, code_verifier=verifier).json["error"] == "invalid_grant"


def test_refresh_token_bound_to_client(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    token = outcome(party, key)["refresh_token"]
    assert RelyingParty(provider, dpop_bound_access_tokens=True).refresh(token, key).json["error"] == "invalid_grant"
    assert party.refresh(token, key).status_code == 200
