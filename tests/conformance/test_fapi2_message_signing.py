"""Modules of the FAPI 2.0 Message Signing plan about signed request objects, each test named after its module.

`fapi2-message-signing-final-test-plan`; the answers stay plain.
"""

from __future__ import annotations

from typing import Any

import pytest

from kernel import jose
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import ENTROPY, ProofKey, RelyingParty, claims_of


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


def test_ensure_signed_request_object_with_rs256_fails(party: RelyingParty) -> None:
    assert push(party, party.request_object(header={"alg": "RS256"})) == REFUSED


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
