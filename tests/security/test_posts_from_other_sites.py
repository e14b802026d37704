"""A POST from a department's page does what a GET does, although the browser sends no cookie with it (SameSite=Lax).

OpenID Connect RP-Initiated Logout 1.0 §2, OpenID Connect Core 1.0 §3.1.2.1: both methods MUST work.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client, TestResponse

from tests.doubles.browser import ELSEWHERE, Browser, form_of, parameters
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import LOGGED_OUT, RelyingParty

OLDER = {"Origin": "https://market.example"}
HIDING = {"Origin": "null"}
AT_ONCE: list[dict[str, str]] = [
    {},  # a program
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": ISSUER},
]
FRAMED: list[dict[str, str]] = [
    ELSEWHERE | {"Sec-Fetch-Dest": "iframe"},
    ELSEWHERE | {"Sec-Fetch-Dest": "empty"},  # a script
]


def leaving(tokens: dict[str, Any], **changes: str) -> dict[str, str]:
    return {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": LOGGED_OUT, "state": "s"} | changes


@pytest.mark.parametrize("headers", [ELSEWHERE, OLDER, HIDING])
def test_S2_signing_out_from_another_site_ends_the_session(
    party: RelyingParty, browser: Browser, headers: dict[str, str]
) -> None:
    tokens = party.tokens(browser)
    page = browser.post("/logout", leaving(tokens), **headers)
    assert (page.status_code, page.headers.getlist("Set-Cookie")) == (200, [])
    assert party.provider.events("SignedOut") == []
    answer = browser.submit(page)
    assert answer.headers["Location"] == f"{LOGGED_OUT}?state=s"
    assert len(party.provider.events("SignedOut")) == 1
    assert party.refresh(tokens["refresh_token"]).status_code == 400


def test_S2_without_a_hint_the_person_is_asked_there_too(party: RelyingParty, browser: Browser) -> None:
    tokens = party.tokens(browser)
    page = browser.submit(browser.post("/logout", {"client_id": party.id}, **ELSEWHERE))
    assert form_of(page).action == "/logout/confirm"
    assert party.refresh(tokens["refresh_token"]).status_code == 200


def test_S3_the_page_goes_to_us_alone_and_says_nothing_in_its_address(party: RelyingParty, browser: Browser) -> None:
    state = "\"><script>alert(1)</script>'"
    asked = leaving(party.tokens(browser), state=state, submit="x")
    page = browser.post("/logout", asked, **ELSEWHERE)
    form = form_of(page)
    assert (form.action, form.fields) == ("/logout?sent-on=1", asked)
    assert "<script>alert" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://market.example;" in policy  # where our answer may lead
    assert page.headers["Cache-Control"] == "no-store"


def test_S3_what_may_lead_nowhere_is_refused_and_not_sent_on(party: RelyingParty, browser: Browser) -> None:
    asked = leaving(party.tokens(browser), post_logout_redirect_uri="https://evil.example/")
    page = browser.post("/logout", asked, **ELSEWHERE)
    assert page.status_code == 400
    assert "form-post" not in page.text


def claims_nothing(answer: TestResponse) -> bool:
    """Whether nobody is said to be signed out, to the client neither, and the browser's cookie stays where it is."""
    told = (answer.status_code, "没有退出登录" in answer.text, "您已退出登录" in answer.text)
    return told == (200, True, False) and answer.headers.getlist("Set-Cookie") == []


@pytest.mark.parametrize("headers", [ELSEWHERE, HIDING])
def test_a_second_round_is_the_last_and_claims_no_end_either(
    party: RelyingParty, browser: Browser, headers: dict[str, str]
) -> None:
    """A browser that keeps no cookies, or never says where it is, is told where to sign out; so is whoever follows a
    form that another site has marked so.
    """
    form = form_of(browser.post("/logout", leaving(party.tokens(browser)), **ELSEWHERE))
    answer = browser.post(form.action, form.fields, **headers)
    assert claims_nothing(answer)
    asked = browser.get(browser.link(answer))
    assert "是否退出登录" in asked.text
    assert browser.submit(asked).headers["Location"] == f"{LOGGED_OUT}?state=s"
    assert len(party.provider.events("SignedOut")) == 1


@pytest.mark.parametrize("headers", FRAMED)
def test_S2_no_end_is_claimed_in_a_frame_or_to_a_script_where_no_cookie_comes(
    party: RelyingParty, browser: Browser, headers: dict[str, str]
) -> None:
    """A department's hidden frame was sent to its own page of having signed out, and nobody was."""
    asked, bare = leaving(party.tokens(browser)), Browser(browser.provider)  # a frame's GET has no cookie, either
    assert claims_nothing(browser.post("/logout", asked, **headers))
    assert claims_nothing(bare.get(f"/logout?{urlencode(asked)}", **headers))
    opened = bare.get(f"/logout?{urlencode(asked)}", **ELSEWHERE, **{"Sec-Fetch-Dest": "document"})
    assert opened.headers["Location"] == f"{LOGGED_OUT}?state=s"  # no cookie could have been kept back
    assert party.provider.events("SignedOut") == []


@pytest.mark.parametrize("headers", AT_ONCE)
def test_others_are_answered_at_once(party: RelyingParty, provider: Provider, headers: dict[str, str]) -> None:
    answer = Browser(provider).post("/logout", leaving(party.tokens()), **headers)
    assert answer.headers["Location"] == f"{LOGGED_OUT}?state=s"


def test_a_browser_that_sends_its_cookies_is_answered_at_once(party: RelyingParty, browser: Browser) -> None:
    tokens = party.tokens(browser)
    cookie = f"idp-sso={browser.cookie('idp-sso')}"
    sending = Client(party.provider.app, use_cookies=False)  # the header below is all there is
    answer = sending.post("/logout", data=leaving(tokens), headers=ELSEWHERE | {"Cookie": cookie}, base_url=ISSUER)
    assert answer.headers["Location"] == f"{LOGGED_OUT}?state=s"
    assert len(party.provider.events("SignedOut")) == 1


# Authorization requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [ELSEWHERE, OLDER, HIDING])
def test_somebody_signed_in_is_recognised_in_a_post_from_another_site(
    party: RelyingParty, browser: Browser, headers: dict[str, str]
) -> None:
    party.tokens(browser)
    page = browser.post("/authorize", party.request(prompt="none"), **headers)
    assert (page.status_code, page.headers.getlist("Set-Cookie")) == (200, [])
    assert "code" in parameters(browser.submit(page).headers["Location"])


def test_prompt_none_is_refused_only_when_nobody_is_signed_in(party: RelyingParty, browser: Browser) -> None:
    answer = browser.submit(browser.post("/authorize", party.request(prompt="none"), **ELSEWHERE))
    assert parameters(answer.headers["Location"])["error"] == "login_required"


def test_A9_what_is_open_in_other_tabs_stays_open(party: RelyingParty, browser: Browser) -> None:
    """They are bound to the browser by a cookie, which no request from another site replaces."""
    tab, bound = browser.follow(browser.get(party.authorize_url())), browser.cookie("idp-browser")
    other = browser.submit(browser.post("/authorize", party.request(state="other"), **ELSEWHERE))
    assert browser.cookie("idp-browser") == bound
    for page in (tab, other):
        assert browser.get(form_of(page).action.rpartition("/")[0]).status_code == 200


def test_A7_a_request_is_sent_on_as_it_came(party: RelyingParty, browser: Browser) -> None:
    asked = party.request(state="\"><script>alert(1)</script>'", login_hint="wang", ui_locales="en")
    page = browser.post("/authorize", asked, **ELSEWHERE)
    form = form_of(page)
    assert (form.action, form.fields) == ("/authorize?sent-on=1", asked)
    assert "<script>alert" not in page.text
    assert "form-action 'self' https://market.example;" in page.headers["Content-Security-Policy"]


def test_A5_a_pushed_request_sent_on_is_used_once(party: RelyingParty, browser: Browser) -> None:
    party.tokens(browser)
    pushed = parameters(party.pushed_url(prompt="none"))
    page = browser.post("/authorize", pushed, **ELSEWHERE)
    assert "code" in parameters(browser.submit(page).headers["Location"])
    assert browser.post("/authorize", pushed, **ELSEWHERE).status_code == 400


def test_A1_an_address_that_is_not_registered_is_refused_and_not_sent_on(party: RelyingParty, browser: Browser) -> None:
    page = browser.post("/authorize", party.request(redirect_uri="https://evil.example/"), **ELSEWHERE)
    assert page.status_code == 400
    assert "form-post" not in page.text


def test_a_second_round_of_an_authorization_request_is_the_last(party: RelyingParty, browser: Browser) -> None:
    form = form_of(browser.post("/authorize", party.request(prompt="none"), **ELSEWHERE))
    answer = browser.post(form.action, form.fields, **ELSEWHERE)
    assert parameters(answer.headers["Location"])["error"] == "login_required"


@pytest.mark.parametrize("headers", [*AT_ONCE, *FRAMED])
def test_other_authorization_requests_are_answered_at_once(
    party: RelyingParty, browser: Browser, headers: dict[str, str]
) -> None:
    answer = browser.post("/authorize", party.request(prompt="none"), **headers)
    assert parameters(answer.headers["Location"])["error"] == "login_required"
