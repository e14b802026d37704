"""Attacks on the sign-in (A9-A11): a request belongs to its browser, a consent to its client."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import Client

from tests.doubles.browser import Browser, carried, form_of, parameters
from tests.doubles.identity_provider import ISSUER, PASSWORD, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, by_secret, claims_of, details


def test_A9_the_session_id_changes_at_every_sign_in(party: RelyingParty, browser: Browser) -> None:
    """CVE-2024-7341: the identifier of before a sign-in was that of after it. A new one each time, and none revives."""
    browser.walk(party.authorize_url())
    first = browser.cookie("idp-sso")
    browser.provider.clock.advance(1)
    browser.walk(party.authorize_url(prompt="login"))
    second = browser.cookie("idp-sso")
    browser.walk(party.authorize_url(acr_values="urn:tongban:loa:3"))
    third = browser.cookie("idp-sso")
    assert len({first, second, third}) == 3
    old = Browser(browser.provider)
    old.client.set_cookie("idp-sso", first, domain="127.0.0.1")
    assert old.get(party.authorize_url(prompt="none")).headers["Location"].count("login_required")


def test_A9_a_session_planted_before_the_sign_in_is_worth_nothing(party: RelyingParty, browser: Browser) -> None:
    browser.client.set_cookie("idp-sso", "planted", domain="127.0.0.1")
    browser.walk(party.authorize_url())
    assert browser.cookie("idp-sso") != "planted"


def test_A9_a_flow_begun_in_another_browser_does_not_exist(party: RelyingParty, provider: Provider) -> None:
    """CVE-2026-7507: whoever was signed in and opened a link to the attacker's begun sign-in, signed the attacker in.

    It does not exist for another browser, signed in or not, and stays where it was.
    """
    attacker, victim = Browser(provider), Browser(provider)
    link = attacker.get(party.authorize_url()).headers["Location"]
    victim.get(party.authorize_url())  # the victim has a cookie of their own
    assert victim.get(link).status_code == 404
    page = attacker.get(link)
    form = form_of(page)
    victim_answer = victim.post(form.action, {**form.fields, "username": "wang", "password": PASSWORD})
    assert victim_answer.status_code in (400, 403, 404)
    assert victim.cookie("idp-sso") is None
    party.tokens(victim)
    assert victim.get(link).status_code == 404
    assert victim.post(form.action, {**form.fields, "username": "wang", "password": PASSWORD}).status_code in (400, 404)
    assert "password" in form_of(attacker.get(link)).names  # nobody is signed in there


def test_A9_another_persons_sign_in_ends_the_session_before(party: RelyingParty, browser: Browser) -> None:
    """CVE-2025-12390: whoever signed in next at the same browser had the identifier, and with it the tokens, of whoever
    was there before. Another person is another session, and the one before is over.
    """
    first = party.tokens(browser)
    browser.provider.clock.advance(1)
    back = browser.walk(party.authorize_url(prompt="login"), username="li")
    second = party.redeem(back["code"]).json
    for name in ("sub", "sid"):
        assert claims_of(first["id_token"])[name] != claims_of(second["id_token"])[name]
    assert party.refresh(first["refresh_token"]).json["error"] == "invalid_grant"
    browser.provider.settle()
    assert party.introspect(first["access_token"]) == {"active": False}


def test_A10_pages_cannot_be_framed_and_posts_are_answered_with_303(party: RelyingParty, browser: Browser) -> None:
    page = browser.follow(browser.get(party.authorize_url()))
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    form = form_of(page)
    answer = browser.post(form.action, {**form.fields, "username": "wang", "password": PASSWORD})
    assert answer.status_code == 303  # never 307: credentials are not replayed (RFC 9700 §4.12)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_A10_a_post_from_another_site_is_refused(
    party: RelyingParty, browser: Browser, headers: dict[str, str]
) -> None:
    form = form_of(browser.follow(browser.get(party.authorize_url())))
    answer = browser.post(form.action, {**form.fields, "username": "wang", "password": PASSWORD}, **headers)
    assert answer.status_code == 403
    assert browser.cookie("idp-sso") is None


def test_A10_a_post_without_the_forms_token_is_refused(party: RelyingParty, browser: Browser) -> None:
    form = form_of(browser.follow(browser.get(party.authorize_url())))
    assert browser.post(form.action, {"username": "wang", "password": PASSWORD}).status_code == 400
    assert browser.cookie("idp-sso") is None


def test_A11_consent_counts_for_one_client_and_its_scopes(provider: Provider, browser: Browser) -> None:
    first, second = RelyingParty(provider), RelyingParty(provider)
    browser.walk(first.authorize_url(scope="openid"))
    assert "code" in parameters(browser.get(first.authorize_url(scope="openid")).headers["Location"])
    for party, scope in ((first, "openid profile"), (second, "openid")):
        back = parameters(browser.get(party.authorize_url(scope=scope, prompt="none")).headers["Location"])
        assert back["error"] == "consent_required"


def test_A11_consent_to_evidence_is_never_remembered(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider)
    asked = {"scope": "openid", "authorization_details": details()}
    for _ in range(2):
        browser.walk(party.pushed_url(**asked))
        back = parameters(browser.get(party.pushed_url(**asked, prompt="none")).headers["Location"])
        assert back["error"] == "consent_required"


def test_A11_a_decision_before_the_sign_in_decides_nothing(party: RelyingParty, browser: Browser) -> None:
    page = browser.follow(browser.get(party.authorize_url()))
    form = form_of(page)
    answer = browser.post(form.action.replace("password", "consent"), {**form.fields, "decision": "allow"})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/interaction/")


def test_A11_nobody_agrees_by_a_page_that_somebody_else_was_shown(party: RelyingParty, browser: Browser) -> None:
    """A page left open at a shared computer, and another person signed in beside it."""
    shown = browser.follow(browser.get(party.authorize_url()))
    shown = browser.submit(shown, username="wang", password=PASSWORD)
    party.provider.clock.advance(60)
    another = browser.follow(browser.get(party.authorize_url(prompt="login")))
    browser.submit(another, username="li", password=PASSWORD)
    refused = browser.submit(shown, decision="allow")
    assert (refused.status_code, browser.left_for) == (409, None)
    assert "form.of-another" in refused.text
    page = browser.get(shown.request.path)
    assert "李丽" in page.text
    assert not party.provider.events("ConsentGiven")
    browser.submit(page, decision="allow")
    assert "code" in browser.sent_back()
    assert [event["facts"]["actor"] for event in party.provider.events("ConsentGiven")] == [
        party.provider.person("li").id
    ]


def test_A11_a_decision_does_not_skip_the_code(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider)
    page = browser.follow(browser.get(party.authorize_url(acr_values="urn:tongban:loa:3")))
    page = browser.submit(page, username="wang", password=PASSWORD)
    form = form_of(page)
    assert "otp" in form.names
    answer = browser.post(form.action.replace("/otp", "/consent"), {**form.fields, "decision": "allow"})
    assert "form.expired" in answer.text  # that form was shown to nobody as a page of consent
    assert "otp" in form_of(browser.get(page.request.path)).names
    assert not provider.events("ConsentGiven")


def test_an_answered_interaction_is_over(party: RelyingParty, browser: Browser) -> None:
    page = browser.submit(browser.follow(browser.get(party.authorize_url())), username="wang", password=PASSWORD)
    form = form_of(page)
    assert browser.post(form.action, {**form.fields, "decision": "allow"}).status_code == 303
    assert browser.post(form.action, {**form.fields, "decision": "allow"}).status_code == 404


def test_the_same_button_pressed_many_times_at_once_makes_one_code(either_provider: Provider) -> None:
    party, browser = RelyingParty(either_provider), Browser(either_provider)
    url = party.pushed_url(scope="openid", authorization_details=details())
    page = browser.submit(browser.follow(browser.get(url)), username="wang", password=PASSWORD)
    form = form_of(page)
    cookies = {name: browser.cookie(name) for name in ("idp-sso", "idp-browser", "idp-session")}
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())

    def press(_number: int):
        client = Client(either_provider.app, use_cookies=False)
        return client.post(
            form.action, data={**form.fields, "decision": "allow"}, headers={"Cookie": header}, base_url=ISSUER
        )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(press, range(8)))
    [sent] = [answer for answer in answers if carried(answer)]
    others = [browser.follow(answer) for answer in answers if answer is not sent]  # just beside the first: to its page
    assert {answer.status_code for answer in others} == {404}
    assert party.redeem(parameters(sent.headers["Location"])["code"], ProofKey(either_provider)).status_code == 200


def test_an_interaction_expires(party: RelyingParty, browser: Browser) -> None:
    link = browser.get(party.authorize_url()).headers["Location"]
    browser.provider.clock.advance(31 * 60)
    page = browser.get(link)
    assert (page.status_code, page.mimetype) == (404, "text/html")


def test_S4_cookies_are_out_of_reach_of_scripts_and_other_sites(provider: Provider, browser: Browser) -> None:
    party = by_secret(provider)
    page = browser.get(party.authorize_url())
    assert page.headers["Set-Cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert page.headers["Cache-Control"] == "no-store"
    page = browser.follow(page)
    assert "Cookie" in page.headers["Vary"]
    form = form_of(page)
    answer = browser.post(form.action, {**form.fields, "username": "wang", "password": PASSWORD})
    assert answer.headers["Set-Cookie"].startswith("idp-sso=")
    assert answer.headers["Set-Cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax")
    for header, value in party.own_token().headers:
        assert header != "Set-Cookie", value
