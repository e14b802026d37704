"""T7, RFC 9396 §6.1: a token request narrows `authorization_details` or is refused; no grant passes them over."""

from __future__ import annotations

from typing import Any

import pytest

from tests.doubles.browser import Browser
from tests.doubles.identity_provider import EXCHANGE, OTHER_ITEM, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, claims_of, detail, details
from tests.security.test_token_exchange import Pair, exchange
from tests.unit.idp.test_ciba import Window, confirm
from tests.unit.idp.test_device_flow import Terminal, answer

WIDER = details(detail(evidence=[{"type": "household-register", "fields": ["name"], "predicates": ["is-local"]}]))
NARROWER = details(detail(evidence=[{"type": "household-register", "fields": ["name"]}]))
MALFORMED = ["{nonsense", "{}", "[]", '[{"type":"another"}]', details(detail(service_item=OTHER_ITEM))]
BEYOND = [*MALFORMED, WIDER]


def refused(response: Any) -> bool:
    return (response.status_code, response.json["error"]) == (400, "invalid_authorization_details")


def narrowed(response: Any) -> bool:
    assert response.status_code == 200, response.text
    [said] = response.json["authorization_details"]
    assert claims_of(response.json["access_token"])["authorization_details"] == [said]
    return bool(said["evidence"] == [{"type": "household-register", "fields": ["name"], "predicates": []}])


def test_6_1_a_refresh_token_is_good_for_no_details(either_provider: Provider) -> None:
    """Purpose-bound access is never refreshed, so that all of them go beyond the grant; the token stays what it was."""
    party = RelyingParty(either_provider)
    token = party.tokens()["refresh_token"]
    before = len(either_provider.events("TokenIssued"))
    for asked in [*BEYOND, details(), NARROWER]:
        assert refused(party.refresh(token, authorization_details=asked))
    assert len(either_provider.events("TokenIssued")) == before
    response = party.refresh(token)
    assert response.status_code == 200
    assert claims_of(response.json["access_token"])["aud"] != EXCHANGE


def test_6_1_a_device_code_is_redeemed_for_less_never_for_more(either_provider: Provider) -> None:
    terminal, key = Terminal(either_provider), ProofKey(either_provider)
    asked = terminal.ask(key, scope="", authorization_details=details()).json
    answer(Browser(either_provider), asked["user_code"])
    for more in BEYOND:
        assert refused(terminal.poll(asked["device_code"], key, authorization_details=more))
    assert narrowed(terminal.poll(asked["device_code"], key, authorization_details=NARROWER))


def test_6_1_a_device_code_for_scopes_is_good_for_no_details(provider: Provider) -> None:
    terminal = Terminal(provider)
    asked = terminal.ask().json
    answer(Browser(provider), asked["user_code"])
    for more in [*BEYOND, details()]:
        assert refused(terminal.poll(asked["device_code"], authorization_details=more))
    assert terminal.poll(asked["device_code"]).status_code == 200


def test_6_1_an_authentication_request_is_redeemed_for_less_never_for_more(either_provider: Provider) -> None:
    window, key = Window(either_provider), ProofKey(either_provider)
    fields = {"scope": "openid", "login_hint": "wang", "authorization_details": details()}
    asked = window.form("/bc-authorize", fields, key).json["auth_req_id"]
    confirm(either_provider)
    grant = {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": asked}
    for more in BEYOND:
        assert refused(window.form("/token", {**grant, "authorization_details": more}, key))
    assert narrowed(window.form("/token", {**grant, "authorization_details": NARROWER}, key))


@pytest.mark.parametrize("more", BEYOND)
def test_6_1_a_code_is_redeemed_for_no_more(provider: Provider, more: str) -> None:
    party, key = RelyingParty(provider), ProofKey(provider)
    url = party.pushed_url(key, scope="openid", authorization_details=details())
    assert refused(party.redeem(Browser(provider).walk(url)["code"], key, authorization_details=more))


def test_6_1_a_code_for_scopes_is_good_for_no_details(provider: Provider) -> None:
    party = RelyingParty(provider)
    assert refused(party.redeem(party.code(), ProofKey(provider), authorization_details=details()))


def test_6_1_a_token_is_exchanged_for_no_more(provider: Provider) -> None:
    pair = Pair(provider)
    token = pair.purpose()
    for more in BEYOND:
        assert refused(exchange(pair.system, token, pair.system_key, authorization_details=more))
    assert narrowed(exchange(pair.system, token, pair.system_key, authorization_details=NARROWER))
    plain = pair.website.tokens(scope="openid")["access_token"]
    for more in [*BEYOND, details()]:
        assert refused(exchange(pair.website, plain, pair.key, authorization_details=more))
