"""JWT responses of the introspection endpoint (RFC 9701)."""

from __future__ import annotations

from typing import Any

import pytest

from kernel import jose
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import RelyingParty, claims_of, header_of, public_client

TYPE = "application/token-introspection+jwt"


def examine(party: RelyingParty, token: str, accept: str = TYPE) -> Any:
    return party.form("/introspect", {"token": token}, Accept=accept)


def test_the_answer_is_a_jwt_for_the_caller_alone(party: RelyingParty, provider: Provider) -> None:
    """§5: iss, aud, iat and token_introspection; a type of its own."""
    token = party.tokens()["access_token"]
    answer = examine(party, token)
    assert (answer.status_code, answer.content_type, answer.headers["Cache-Control"]) == (200, TYPE, "no-store")
    assert header_of(answer.text)["typ"] == "token-introspection+jwt"
    claims = claims_of(answer.text)
    assert claims.keys() == {"iss", "aud", "iat", "token_introspection"}
    assert (claims["iss"], claims["aud"]) == (ISSUER, party.id)
    assert claims["token_introspection"] == party.introspect(token)
    signed = jose.verify_signature_only(answer.text, provider.keys.verifying(), typ="token-introspection+jwt")
    assert signed.payload


def test_an_unknown_token_is_inactive_and_no_more(party: RelyingParty) -> None:
    assert claims_of(examine(party, "x").text)["token_introspection"] == {"active": False}


def test_a_stranger_learns_nothing_by_a_signature(party: RelyingParty, provider: Provider) -> None:
    token = party.tokens()["access_token"]
    assert claims_of(examine(RelyingParty(provider), token).text)["token_introspection"] == {"active": False}
    assert examine(public_client(provider), token).status_code == 401


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "application/jwt", f"{TYPE}x"])
def test_who_does_not_ask_for_it_gets_json(party: RelyingParty, accept: str) -> None:
    """§4."""
    assert examine(party, "x", accept).json == {"active": False}


def test_the_answer_is_no_access_token(party: RelyingParty) -> None:
    """§8.1: its type keeps it from being taken for another token."""
    answer = examine(party, party.tokens()["access_token"]).text
    assert party.introspect(answer) == {"active": False}
    assert party.http.get("/userinfo", headers={"Authorization": f"Bearer {answer}"}).status_code == 401


def test_the_algorithm_is_the_registered_one(provider: Provider) -> None:
    """§6."""
    from idp.administration.errors import AdministrationError

    party = RelyingParty(provider, introspection_signed_response_alg="ES256")
    assert header_of(examine(party, "x").text)["alg"] == "ES256"
    for alg in ("none", "HS256", 7):
        with pytest.raises(AdministrationError):
            RelyingParty(provider, introspection_signed_response_alg=alg)
