"""OpenID Connect Core 1.0 §3.1.2.1: what may be said by `id_token_hint`, and that it is never talked over."""

from __future__ import annotations

import json

from tests.doubles.browser import Browser
from tests.doubles.identity_provider import Provider
from tests.doubles.relying_party import RelyingParty, claims_of


def silent(browser: Browser, party: RelyingParty, **asked: str) -> dict[str, str]:
    return browser.parameters_of(browser.get(party.authorize_url(prompt="none", **asked)))


def test_only_an_id_token_is_a_hint(provider: Provider) -> None:
    """Userinfo and JARM answers are signed by us, for the same client, and of the same type."""
    party, browser = RelyingParty(provider, userinfo_signed_response_alg="ES256"), Browser(provider)
    tokens = party.tokens(browser)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    userinfo = party.http.get("/userinfo", headers=bearer).text
    answer = browser.walk(party.authorize_url(response_mode="jwt"))["response"]
    assert "code" in silent(browser, party, id_token_hint=tokens["id_token"])
    for other in (userinfo, answer, tokens["access_token"]):
        assert silent(browser, party, id_token_hint=other)["error"] == "invalid_request"
        assert browser.get(f"/logout?id_token_hint={other}").status_code == 400
    assert "code" in silent(browser, party)


def test_a_sub_in_claims_and_a_hint_about_another_person_are_never_both_met(provider: Provider) -> None:
    party, wang, li = RelyingParty(provider), Browser(provider), Browser(provider)
    hint = party.tokens(wang)["id_token"]
    code = li.walk(party.authorize_url(), username="li")["code"]
    own = claims_of(party.redeem(code).json["id_token"])["sub"]
    for browser in (li, wang):
        asked = json.dumps({"id_token": {"sub": {"value": own}}})
        assert silent(browser, party, id_token_hint=hint, claims=asked)["error"] == "login_required"
    asked = json.dumps({"id_token": {"sub": {"value": claims_of(hint)["sub"]}}})
    assert "code" in silent(wang, party, id_token_hint=hint, claims=asked)
