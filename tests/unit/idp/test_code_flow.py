"""The authorization code flow, whole, on both databases."""

from __future__ import annotations

from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import RelyingParty, claims_of, header_of


def test_a_person_signs_in_agrees_and_the_client_learns_who_they_are(either_provider: Provider) -> None:
    party, browser = RelyingParty(either_provider), Browser(either_provider)

    back = browser.walk(party.authorize_url())

    assert back["iss"] == ISSUER  # RFC 9207
    assert back["state"] == "state-1"
    answer = party.redeem(back["code"])
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    tokens = answer.json
    assert tokens["token_type"] == "Bearer"
    identity = claims_of(tokens["id_token"])
    assert identity["aud"] == party.id
    assert identity["nonce"] == "nonce-1"
    assert identity["acr"] == "urn:tongban:loa:2"
    assert identity["amr"] == ["pwd"]
    access = claims_of(tokens["access_token"])
    assert header_of(tokens["access_token"])["typ"] == "at+jwt"
    assert access["aud"] == ISSUER
    assert access["sub"] == identity["sub"]
    userinfo = party.http.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert userinfo.json == {"sub": identity["sub"], "name": "王小明", "acr": "urn:tongban:loa:2"}
