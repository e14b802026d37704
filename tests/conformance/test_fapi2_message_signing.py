"""Modules of the FAPI 2.0 Message Signing plan about signed request objects, each test named after its module.

`fapi2-message-signing-final-test-plan`; then the whole profile with signed answers.
"""

from __future__ import annotations

from typing import Any

import pytest

from idp.administration.errors import AdministrationError
from kernel import jose
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import ENTROPY, ProofKey, RelyingParty, claims_of, with_rsa_keys


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    """A client held to the profile that signs its requests."""
    return RelyingParty(provider, tongban_profile="fapi2", require_signed_request_object=True)


@pytest.fixture
def now(provider: Provider) -> int:
    return int(provider.clock.now().timestamp())


def push(party: RelyingParty, text: str | None = None, **claims: Any) -> tuple[int, str]:
    answer = party.form("/par", {"request": text or party.request_object(**claims)})
    return answer.status_code, str(answer.json.get("error"))


REFUSED = (400, "invalid_request_object")
ACCEPTED = (201, "None")


def test_happy_flow_with_a_signed_request(party: RelyingParty, provider: Provider) -> None:
    key = ProofKey(provider)
    pushed = party.form("/par", {"request": party.request_object(nonce="signed")}, key).json["request_uri"]
    back = Browser(provider).walk(f"/authorize?client_id={party.id}&request_uri={pushed}")
    assert (back["state"], back["iss"]) == ("state-1", ISSUER)
    assert claims_of(party.redeem(back["code"], key).json["id_token"])["nonce"] == "signed"


def test_ensure_request_object_without_exp_fails(party: RelyingParty) -> None:
    assert push(party, exp=None) == REFUSED


def test_ensure_request_object_without_nbf_fails(party: RelyingParty) -> None:
    assert push(party, nbf=None) == REFUSED


def test_ensure_expired_request_object_fails(party: RelyingParty, now: int) -> None:
    assert push(party, nbf=now - 600, exp=now - 300) == REFUSED


def test_ensure_request_object_with_bad_aud_fails(party: RelyingParty) -> None:
    assert push(party, aud="https://other.example") == REFUSED


def test_ensure_request_object_with_exp_over_60_fails(party: RelyingParty, now: int) -> None:
    assert push(party, exp=now + 3601) == REFUSED


def test_ensure_request_object_with_nbf_over_60_fails(party: RelyingParty, now: int) -> None:
    assert push(party, nbf=now - 3601) == REFUSED


def test_ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted(party: RelyingParty, now: int) -> None:
    assert push(party, nbf=now + 8) == ACCEPTED


def test_ensure_signed_request_object_with_rs256_fails(provider: Provider) -> None:
    """By an RSA key of the client's own, registered for PS256 or published for RS256 itself."""
    for party, weak in with_rsa_keys(provider, require_signed_request_object=True):
        assert push(party) == ACCEPTED
        assert push(party, party.request_object(key=weak)) == REFUSED


def test_ensure_request_object_signature_algorithm_is_not_none(party: RelyingParty) -> None:
    head, body, _ = party.request_object(header={"alg": "none"}).split(".")
    assert push(party, f"{head}.{body}.") == REFUSED


def test_ensure_request_object_with_invalid_signature_fails(party: RelyingParty) -> None:
    head, body, signature = party.request_object().split(".")
    assert push(party, f"{head}.{body}.{signature[:-4]}AAAA") == REFUSED


def test_ensure_matching_key_in_authorization_request(party: RelyingParty) -> None:
    other = jose.SigningKey.from_private_jwk(jose.generate_p256(ENTROPY), "ES256")
    assert push(party, party.request_object(key=other)) == REFUSED


def test_ensure_unsigned_request_at_par_endpoint_fails(party: RelyingParty) -> None:
    assert party.push().json["error"] == "invalid_request"


def test_ensure_request_object_without_redirect_uri_fails(party: RelyingParty) -> None:
    assert push(party, redirect_uri=None) == (400, "invalid_request")


def test_par_authorization_request_containing_request_uri(party: RelyingParty) -> None:
    assert push(party, request_uri="urn:ietf:params:oauth:request_uri:x") == REFUSED


# The whole profile (`tongban_profile: fapi2-message-signing`): what FAPI 2.0 Message Signing asks besides requests.


@pytest.fixture
def whole(provider: Provider) -> RelyingParty:
    """A client held to signed requests, signed answers and signed introspection."""
    return RelyingParty(provider, tongban_profile="fapi2-message-signing")


def test_the_profile_implies_what_it_asks(whole: RelyingParty) -> None:
    implied = ("require_signed_request_object", "require_pushed_authorization_requests", "dpop_bound_access_tokens")
    assert all(whole.registered[name] is True for name in implied)


@pytest.mark.parametrize(
    "contradiction",
    [
        {"require_signed_request_object": False},
        {"require_pushed_authorization_requests": False},
        {"authorization_signed_response_alg": "RS256"},
        {"introspection_signed_response_alg": "RS256"},
        {"token_endpoint_auth_method": "client_secret_basic"},
    ],
)
def test_the_profile_cannot_be_contradicted(provider: Provider, contradiction: dict[str, Any]) -> None:
    if "RS256" in contradiction.values():
        provider.keys.ensure(["ES256", "RS256"])  # the profile refuses it, not the lack of a key
    with pytest.raises(AdministrationError):
        RelyingParty(provider, tongban_profile="fapi2-message-signing", **contradiction)


def test_5_3_1_an_unsigned_request_is_refused(whole: RelyingParty) -> None:
    assert whole.push(response_mode="jwt").json["error"] == "invalid_request"


@pytest.mark.parametrize("mode", [None, "query", "form_post"])
def test_5_4_an_answer_that_would_not_be_signed_is_refused_before_any_browser(
    whole: RelyingParty, mode: str | None
) -> None:
    assert push(whole, response_mode=mode) == (400, "invalid_request")


def test_5_4_happy_flow_with_signed_requests_and_signed_answers(whole: RelyingParty, provider: Provider) -> None:
    key = ProofKey(provider)
    pushed = whole.form("/par", {"request": whole.request_object(response_mode="jwt")}, key).json["request_uri"]
    back = Browser(provider).walk(f"/authorize?client_id={whole.id}&request_uri={pushed}")
    assert set(back) == {"response"}
    answer = claims_of(back["response"])
    assert (answer["iss"], answer["aud"], answer["state"]) == (ISSUER, whole.id, "state-1")
    assert whole.redeem(answer["code"], key).status_code == 200


def test_5_5_introspection_is_answered_signed_alone(whole: RelyingParty) -> None:
    assert whole.form("/introspect", {"token": "x"}).json["error"] == "invalid_request"
    answer = whole.form("/introspect", {"token": "x"}, Accept="application/token-introspection+jwt")
    assert claims_of(answer.text)["token_introspection"] == {"active": False}
