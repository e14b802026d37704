"""The FAPI 2.0 Security Profile plan (private_key_jwt, DPoP), each test named after its module.

`fapi2-security-profile-final-test-plan`; every module's name there begins with `fapi2-security-profile-final-`.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from kernel import jose
from tests.doubles.browser import Browser, parameters
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import CALLBACK, ENTROPY, ProofKey, RelyingParty, claims_of, with_rsa_keys

USERINFO = f"{ISSUER}/userinfo"


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A client held to the profile."""
    return held(provider)


def held(provider: Provider, **metadata: Any) -> RelyingParty:
    return RelyingParty(provider, tongban_profile="fapi2", **metadata)


@pytest.fixture
def key(provider: Provider) -> ProofKey:
    return ProofKey(provider)


def code_of(party: RelyingParty, key: ProofKey | None, **changes: Any) -> str:
    return Browser(party.provider).walk(party.pushed_url(key, **changes))["code"]


def outcome(party: RelyingParty, key: ProofKey, **changes: Any) -> dict[str, Any]:
    """The whole flow; beside request_uri stands what was pushed, as the plan does unless a module says otherwise."""
    repeated = {name: value for name, value in party.request(**changes).items() if name not in ("client_id", "state")}
    back = Browser(party.provider).walk(f"{party.pushed_url(key, **changes)}&{urlencode(repeated)}")
    assert back["iss"] == ISSUER
    answer = party.redeem(back["code"], key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json) | {"state": back.get("state")}


def fetch(party: RelyingParty, key: ProofKey, token: str, scheme: str = "DPoP", **proof: Any):
    headers = {"Authorization": f"{scheme} {token}", "DPoP": key.proof("GET", USERINFO, token, **proof)}
    return party.http.get("/userinfo", headers=headers, base_url=ISSUER)


def test_discovery_end_point_verification(party: RelyingParty) -> None:
    metadata = party.http.get("/.well-known/openid-configuration").json
    assert metadata["pushed_authorization_request_endpoint"] == f"{ISSUER}/par"
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert {"private_key_jwt"} <= set(metadata["token_endpoint_auth_methods_supported"])
    strong = {"ES256", "EdDSA", "PS256"}
    assert set(metadata["token_endpoint_auth_signing_alg_values_supported"]) <= strong
    assert set(metadata["dpop_signing_alg_values_supported"]) <= strong | {"Ed25519"}  # RFC 9864: the one EdDSA meant


def test_happy_flow(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    """Two clients, two keys; a token is of no use with the other's key."""
    first, other_key = outcome(party, key), ProofKey(provider)
    second = outcome(held(provider), other_key)
    assert (first["token_type"], first["state"]) == ("DPoP", "state-1")
    assert fetch(party, key, first["access_token"]).json["sub"] == claims_of(first["id_token"])["sub"]
    assert fetch(party, other_key, second["access_token"]).status_code == 200
    assert fetch(party, other_key, first["access_token"]).status_code == 401


def test_user_rejects_authentication(party: RelyingParty, key: ProofKey) -> None:
    back = Browser(party.provider).walk(party.pushed_url(key), decision="deny")
    assert (back["error"], back["state"], back["iss"]) == ("access_denied", "state-1", ISSUER)


def test_ensure_authorization_request_without_state_success(party: RelyingParty, key: ProofKey) -> None:
    assert outcome(party, key, state=None)["state"] is None


def test_ensure_authorization_request_without_nonce_success(party: RelyingParty, key: ProofKey) -> None:
    assert "nonce" not in claims_of(outcome(party, key, nonce=None)["id_token"])


@pytest.mark.parametrize("length", [64])
def test_ensure_authorization_request_with_64_char_nonce_success(
    party: RelyingParty, key: ProofKey, length: int
) -> None:
    assert claims_of(outcome(party, key, nonce="n" * length)["id_token"])["nonce"] == "n" * length


def test_ensure_authorization_request_with_long_nonce(party: RelyingParty, key: ProofKey) -> None:
    assert claims_of(outcome(party, key, nonce="n" * 384)["id_token"])["nonce"] == "n" * 384


def test_ensure_authorization_request_with_long_state(party: RelyingParty, key: ProofKey) -> None:
    assert outcome(party, key, state="s" * 384)["state"] == "s" * 384


def test_ensure_other_scope_order_succeeds(party: RelyingParty, key: ProofKey) -> None:
    assert outcome(party, key, scope="profile openid")["id_token"]


def test_test_claims_parameter_identity_claims(party: RelyingParty, key: ProofKey) -> None:
    claims = json.dumps({"id_token": {"name": {"essential": True}}, "userinfo": {"name": None}})
    tokens = outcome(party, key, scope="openid", claims=claims)
    assert claims_of(tokens["id_token"])["name"] == "王小明"
    assert fetch(party, key, tokens["access_token"]).json["name"] == "王小明"


def test_access_token_type_header_case_sensitivity(party: RelyingParty, key: ProofKey) -> None:
    token = outcome(party, key)["access_token"]
    assert [fetch(party, key, token, scheme).status_code for scheme in ("dpop", "DPOP", "DPoP")] == [200] * 3


# DPoP -----------------------------------------------------------------------------------------------------------------


def redeemed(party: RelyingParty, key: ProofKey, **proof: Any) -> int:
    """The status of a token request whose proof says what the test wants."""
    grant = {"grant_type": "authorization_code", "code": code_of(party, key), "redirect_uri": CALLBACK}
    fields = grant | {"code_verifier": "v" * 64} | party.credentials()[0]
    claims = {"iat": int(party.provider.clock.now().timestamp())} | proof
    made = key.proof("POST", f"{ISSUER}/token", **claims)
    return party.http.post("/token", data=fields, headers={"DPoP": made}, base_url=ISSUER).status_code


def test_check_dpop_proof_nbf_exp(party: RelyingParty, key: ProofKey) -> None:
    now = int(party.provider.clock.now().timestamp())
    assert redeemed(party, key, nbf=now, exp=now + 300) == 200


def test_ensure_dpop_proof_with_iat_10seconds_before_succeeds(party: RelyingParty, key: ProofKey) -> None:
    assert redeemed(party, key, iat=int(party.provider.clock.now().timestamp()) - 10) == 200


def test_ensure_dpop_proof_with_iat_10seconds_after_succeeds(party: RelyingParty, key: ProofKey) -> None:
    assert redeemed(party, key, iat=int(party.provider.clock.now().timestamp()) + 10) == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"htm": "GET"},
        {"htu": f"{ISSUER}/par"},
        {"iat": 1},
        {"iat": 4_000_000_000},
        {"jti": 1},
    ],
)
def test_dpop_negative_tests(party: RelyingParty, key: ProofKey, wrong: dict[str, Any]) -> None:
    assert redeemed(party, key, **wrong) == 400


def test_dpop_negative_tests_at_the_resource(party: RelyingParty, key: ProofKey) -> None:
    token = outcome(party, key)["access_token"]
    for wrong in ({"ath": "x"}, {"htu": f"{ISSUER}/token"}, {"htm": "POST"}, {"iat": 1}):
        assert fetch(party, key, token, **wrong).status_code == 401
    bearer = party.http.get("/userinfo", headers={"Authorization": f"Bearer {token}"}, base_url=ISSUER)
    assert bearer.status_code == 401


def test_ensure_mismatched_dpop_jkt_fails(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    assert party.push(key, dpop_jkt=ProofKey(provider).jkt).json["error"] == "invalid_dpop_proof"


def test_ensure_mismatched_dpop_jkt_fails_at_the_authorization_endpoint(
    party: RelyingParty, key: ProofKey, provider: Provider
) -> None:
    """Beside request_uri: what was pushed, or proven when it was pushed, may be repeated, and not replaced."""
    for url in (party.pushed_url(key), party.pushed_url(dpop_jkt=key.jkt)):
        assert Browser(provider).get(f"{url}&dpop_jkt={key.jkt}").status_code == 303
        assert refused_page(party, f"{url}&dpop_jkt={ProofKey(provider).jkt}")
    assert refused_page(party, f"{party.pushed_url()}&dpop_jkt={key.jkt}")


def test_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(
    party: RelyingParty, key: ProofKey, provider: Provider
) -> None:
    assert party.redeem(code_of(party, key), ProofKey(provider)).json["error"] == "invalid_grant"


def test_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(
    party: RelyingParty, key: ProofKey, provider: Provider
) -> None:
    assert party.redeem(code_of(party, None, dpop_jkt=key.jkt), ProofKey(provider)).json["error"] == "invalid_grant"


def test_ensure_dpopproof_at_par_endpoint_binding_success(party: RelyingParty, key: ProofKey) -> None:
    assert party.redeem(code_of(party, key), key).json["token_type"] == "DPoP"


def test_ensure_dpop_auth_code_binding_success(party: RelyingParty, key: ProofKey) -> None:
    assert party.redeem(code_of(party, None, dpop_jkt=key.jkt), key).json["token_type"] == "DPoP"


def test_ensure_holder_of_key_required(party: RelyingParty) -> None:
    assert party.redeem(code_of(party, None)).json["error"] == "invalid_dpop_proof"


# The request ----------------------------------------------------------------------------------------------------------


def refused_page(party: RelyingParty, url: str) -> bool:
    answer = Browser(party.provider).get(url)
    return answer.status_code == 400 and "Location" not in answer.headers


def test_ensure_different_nonce_inside_and_outside_request_object(party: RelyingParty, key: ProofKey) -> None:
    assert refused_page(party, f"{party.pushed_url(key)}&nonce=other")


def test_ensure_different_state_inside_and_outside_request_object(party: RelyingParty, key: ProofKey) -> None:
    assert refused_page(party, f"{party.pushed_url(key)}&state=other")


def test_state_only_outside_request_object_not_used(party: RelyingParty, key: ProofKey) -> None:
    assert refused_page(party, f"{party.pushed_url(key, state=None)}&state=other")


def test_par_without_duplicate_parameters(party: RelyingParty, key: ProofKey) -> None:
    assert party.redeem(code_of(party, key), key).status_code == 200


def test_ensure_redirect_uri_in_authorization_request(party: RelyingParty, key: ProofKey) -> None:
    assert party.push(key, redirect_uri=None).json["error"] == "invalid_request"


def test_ensure_registered_redirect_uri(party: RelyingParty, key: ProofKey) -> None:
    assert party.push(key, redirect_uri=f"{CALLBACK}/other").json["error"] == "invalid_request"


def test_ensure_unsigned_authorization_request_without_using_par_fails(party: RelyingParty, browser: Browser) -> None:
    assert parameters(browser.get(party.authorize_url()).headers["Location"])["error"] == "invalid_request"


def test_ensure_response_type_code_idtoken_fails(party: RelyingParty, key: ProofKey) -> None:
    assert party.push(key, response_type="code id_token").json["error"] == "unsupported_response_type"


def test_ensure_response_type_token_fails(party: RelyingParty, key: ProofKey) -> None:
    assert party.push(key, response_type="token").json["error"] == "unsupported_response_type"


def test_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(party: RelyingParty, key: ProofKey) -> None:
    browser, url = Browser(party.provider), party.pushed_url(key)
    assert [browser.get(url).status_code for _ in range(2)] == [303, 303]
    assert "code" in browser.walk(url)


def test_par_attempt_reuse_request_uri(party: RelyingParty, key: ProofKey) -> None:
    browser, url = Browser(party.provider), party.pushed_url(key)
    browser.walk(url)
    assert browser.get(url).status_code == 400


def test_par_attempt_to_use_expired_request_uri(party: RelyingParty, key: ProofKey) -> None:
    pushed = party.push(key).json
    assert 5 <= pushed["expires_in"] < 600  # FAPI 2.0 Security Profile §5.3.2.2
    party.provider.clock.advance(pushed["expires_in"] + 1)
    query = urlencode({"client_id": party.id, "request_uri": pushed["request_uri"]})
    assert refused_page(party, f"/authorize?{query}")


def test_par_attempt_to_use_request_uri_for_different_client(
    party: RelyingParty, key: ProofKey, provider: Provider
) -> None:
    assert refused_page(party, party.pushed_url(key).replace(party.id, held(provider).id))


def test_par_authorization_request_containing_request_uri_form_param(party: RelyingParty, key: ProofKey) -> None:
    assert party.push(key, request_uri="urn:ietf:params:oauth:request_uri:x").json["error"] == "invalid_request"


def test_par_attempt_invalid_http_method(party: RelyingParty) -> None:
    for method in ("get", "put"):
        assert getattr(party.http, method)("/par").status_code in (404, 405)


def test_par_ensure_pkce_required(party: RelyingParty, key: ProofKey) -> None:
    for changes in ({"code_challenge": None}, {"code_challenge": None, "code_challenge_method": None}):
        assert party.push(key, **changes).json["error"] == "invalid_request"


def test_par_ensure_plain_pkce_rejected(party: RelyingParty, key: ProofKey) -> None:
    for method in ("plain", None):
        assert party.push(key, code_challenge_method=method).json["error"] == "invalid_request"


# The token endpoint ---------------------------------------------------------------------------------------------------


def test_ensure_pkce_code_verifier_required(party: RelyingParty, key: ProofKey) -> None:
    assert party.redeem(code_of(party, key), key, code_verifier=None).json["error"] == "invalid_grant"


def test_incorrect_pkce_code_verifier_rejected(party: RelyingParty, key: ProofKey) -> None:
    assert party.redeem(code_of(party, key), key, code_verifier="w" * 64).json["error"] == "invalid_grant"


def test_ensure_client_id_in_token_endpoint(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    """Another client's id with this client's key."""
    answer = party.redeem(code_of(party, key), key, client_id=held(provider).id)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_ensure_authorization_code_is_bound_to_client(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    assert held(provider).redeem(code_of(party, key), key).json["error"] == "invalid_grant"


def test_attempt_reuse_authorization_code_after_one_second(party: RelyingParty, key: ProofKey) -> None:
    code = code_of(party, key)
    token = party.redeem(code, key).json["access_token"]
    party.provider.clock.advance(1)
    assert party.redeem(code, key).json["error"] == "invalid_grant"
    party.provider.settle()
    assert fetch(party, key, token).status_code == 401


def test_attempt_to_use_expired_auth_code(party: RelyingParty, key: ProofKey) -> None:
    code = code_of(party, key)
    party.provider.clock.advance(61)  # FAPI 2.0 Security Profile §5.3.2.1: 60 seconds at most
    assert party.redeem(code, key).json["error"] == "invalid_grant"


def asserted(party: RelyingParty, assertion: str | None) -> int:
    """The status of a pushed request with this client assertion."""
    fields = {**party.request(), **party.credentials()[0], "client_assertion": assertion}
    sent = {name: value for name, value in fields.items() if value is not None}
    return party.http.post("/par", data=sent, base_url=ISSUER).status_code


def test_ensure_signed_client_assertion_with_rs256_fails(provider: Provider) -> None:
    """By an RSA key of the client's own, registered for PS256 or published for RS256 itself."""
    for party, weak in with_rsa_keys(provider):
        assert asserted(party, party.assertion()) == 201
        assert asserted(party, party.assertion(key=weak)) == 401


def test_ensure_client_assertion_in_token_endpoint(party: RelyingParty, key: ProofKey) -> None:
    grant = {"grant_type": "authorization_code", "code": code_of(party, key), "redirect_uri": CALLBACK}
    proof = {"DPoP": key.proof("POST", f"{ISSUER}/token")}
    own = {"code_verifier": "v" * 64, "client_id": party.id}
    assert party.http.post("/token", data=grant | own, headers=proof, base_url=ISSUER).status_code == 401


def test_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(party: RelyingParty) -> None:
    now = int(party.provider.clock.now().timestamp())
    assert asserted(party, party.assertion(iat=now - 360, exp=now - 300)) == 401


@pytest.mark.parametrize("audience", [[ISSUER], [ISSUER, "https://other.example"], f"{ISSUER}/par", f"{ISSUER}/token"])
def test_ensure_client_assertion_with_wrong_aud_fails(party: RelyingParty, audience: Any) -> None:
    """An array, the PAR endpoint, the token endpoint."""
    assert asserted(party, party.assertion(aud=audience)) == 401


def test_ensure_client_assertion_with_no_sub_fails(party: RelyingParty) -> None:
    assert asserted(party, party.assertion(sub=None)) == 401


def test_ensure_invalid_client_assertions_fail(party: RelyingParty) -> None:
    stranger = jose.SigningKey.from_private_jwk(jose.generate_p256(ENTROPY), "ES256")
    assert party.key is not None
    for assertion in (
        party.assertion(iss=None),
        party.assertion(iss="other"),
        party.assertion(sub="other"),
        party.assertion(exp=None),
        party.assertion(jti=None),
        party.assertion(key=stranger),
        party.assertion(key=stranger, header={"kid": party.key.kid}),
        party.assertion(header={"alg": "none"}),
        "no.assertion.atall",
        None,
    ):
        assert asserted(party, assertion) in (400, 401)
    assert asserted(party, party.assertion()) == 201


def test_refresh_token(party: RelyingParty, key: ProofKey, provider: Provider) -> None:
    """Without rotation (§5.3.2.1); for its client alone, authenticated, with a proof."""
    token = outcome(party, key)["refresh_token"]
    assert held(provider).refresh(token, key).json["error"] == "invalid_grant"
    assert party.refresh(token).status_code == 400
    bare = {"grant_type": "refresh_token", "refresh_token": token, "client_id": party.id}
    assert party.http.post("/token", data=bare, base_url=ISSUER).status_code == 401
    for _ in range(2):
        renewed = party.refresh(token, key).json
        assert "refresh_token" not in renewed
        assert fetch(party, key, renewed["access_token"]).status_code == 200
