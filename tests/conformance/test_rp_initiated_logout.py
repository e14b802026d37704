"""Checks of the RP-Initiated Logout plan, each named after its module."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.doubles.browser import ELSEWHERE, Browser, form_of, parameters
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import LOGGED_OUT, RelyingParty, header_of


def signed_in(browser: Browser, party: RelyingParty) -> bool:
    return "code" in parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])


def leave(browser: Browser, **query: str):
    return browser.get(f"/logout?{urlencode(query)}")


def test_rp_initiated_logout_discovery_endpoint_verification(party: RelyingParty) -> None:
    assert party.http.get("/.well-known/openid-configuration").json["end_session_endpoint"] == f"{ISSUER}/logout"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_rp_initiated_logout(party: RelyingParty, browser: Browser, method: str) -> None:
    hint = party.tokens(browser)["id_token"]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": LOGGED_OUT, "state": "abc"}
    answer = leave(browser, **query) if method == "GET" else browser.submit(browser.post("/logout", query, **ELSEWHERE))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{LOGGED_OUT}?state=abc")
    assert not signed_in(browser, party)


def test_rp_initiated_logout_bad_post_logout_redirect_uri(party: RelyingParty, browser: Browser) -> None:
    hint = party.tokens(browser)["id_token"]
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=f"{LOGGED_OUT}x")
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_rp_initiated_logout_modified_id_token_hint(party: RelyingParty, browser: Browser) -> None:
    head, body, signature = party.tokens(browser)["id_token"].split(".")
    changed = ("A" if signature[0] != "A" else "B") + signature[1:]
    answer = leave(browser, id_token_hint=f"{head}.{body}.{changed}", post_logout_redirect_uri=LOGGED_OUT)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert signed_in(browser, party)


def test_rp_initiated_logout_no_id_token_hint(party: RelyingParty, browser: Browser) -> None:
    party.tokens(browser)
    answer = leave(browser, post_logout_redirect_uri=LOGGED_OUT)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_rp_initiated_logout_bad_id_token_hint(party: RelyingParty, browser: Browser) -> None:
    assert leave(browser, id_token_hint="bad", post_logout_redirect_uri=LOGGED_OUT).status_code == 400


def test_rp_initiated_logout_no_params(party: RelyingParty, browser: Browser) -> None:
    party.tokens(browser)
    page = leave(browser)
    assert form_of(page).action == "/logout/confirm"
    done = browser.submit(page)
    assert "已退出登录" in done.text
    assert not signed_in(browser, party)


def test_rp_initiated_logout_no_post_logout_redirect_uri(party: RelyingParty, browser: Browser) -> None:
    answer = leave(browser, id_token_hint=party.tokens(browser)["id_token"])
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert not signed_in(browser, party)


def test_rp_initiated_logout_no_state(party: RelyingParty, browser: Browser) -> None:
    answer = leave(browser, id_token_hint=party.tokens(browser)["id_token"], post_logout_redirect_uri=LOGGED_OUT)
    assert answer.headers["Location"] == LOGGED_OUT


def test_rp_initiated_logout_only_state(party: RelyingParty, browser: Browser) -> None:
    party.tokens(browser)
    assert form_of(leave(browser, state="abc")).action == "/logout/confirm"


def test_rp_initiated_logout_query_added_to_post_logout_redirect_uri(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider, post_logout_redirect_uris=[f"{LOGGED_OUT}?from=id"])
    hint = party.tokens(browser)["id_token"]
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=f"{LOGGED_OUT}?from=id", state="s")
    assert answer.headers["Location"] == f"{LOGGED_OUT}?from=id&state=s"


def test_an_expired_hint_still_identifies(party: RelyingParty, browser: Browser, provider: Provider) -> None:
    hint = party.tokens(browser)["id_token"]
    provider.clock.advance(20 * 60)
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=LOGGED_OUT)
    assert answer.headers["Location"] == LOGGED_OUT
    assert not signed_in(browser, party)


def test_2_a_client_id_beside_another_clients_hint_is_refused(
    party: RelyingParty, browser: Browser, provider: Provider
) -> None:
    """§2: the client_id has to be the one the hint was issued to."""
    other, hint = RelyingParty(provider), party.tokens(browser)["id_token"]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": LOGGED_OUT}
    answer = leave(browser, client_id=other.id, **query)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert signed_in(browser, party)
    assert leave(browser, client_id=party.id, **query).headers["Location"] == LOGGED_OUT


def test_signing_out_twice_returns_all_the_same(party: RelyingParty, browser: Browser) -> None:
    hint = party.tokens(browser)["id_token"]
    for _ in range(2):
        answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=LOGGED_OUT)
        assert answer.headers["Location"] == LOGGED_OUT


def test_2_a_hint_of_a_client_that_was_disabled_still_signs_out(
    party: RelyingParty, browser: Browser, provider: Provider
) -> None:
    """The person leaves; nobody is sent back to such a client, and without a hint it is unknown."""
    other = RelyingParty(provider)
    hint, query = party.tokens(browser)["id_token"], {"post_logout_redirect_uri": LOGGED_OUT, "state": "abc"}
    provider.administration.clients.disable(party.id)
    provider.clock.advance(1)
    assert leave(browser, client_id=party.id, **query).status_code == 400
    assert leave(Browser(provider), client_id=other.id, id_token_hint=hint, **query).status_code == 400
    other.tokens(browser)
    answer = leave(browser, id_token_hint=hint, **query)
    assert (answer.status_code, answer.headers.get("Location")) == (200, None)
    assert "已退出登录" in answer.text
    assert LOGGED_OUT not in answer.text
    assert not signed_in(browser, other)
    other.tokens(browser)
    again = leave(browser, id_token_hint=hint, **query)  # of a session that is over: the person decides
    assert form_of(again).action == "/logout/confirm"
    assert "已退出登录" in browser.submit(again).text
    assert not signed_in(browser, other)


@pytest.fixture
def week(opened: Opened) -> Iterator[Provider]:
    """A provider whose sessions outlive the day that a retired key is kept for."""
    with opened(session_hours=168, session_idle_minutes=24 * 60) as running:
        yield running


def rotated_long_ago(provider: Provider, browser: Browser, party: RelyingParty) -> None:
    """Three days with a rotation of the signing key, in each of which the person comes by."""
    provider.keys.rotate("jws")
    for _ in range(6):
        provider.clock.advance(12 * 3600)
        assert signed_in(browser, party)


def test_2_a_hint_whose_key_is_retired_still_signs_out(week: Provider) -> None:
    """§2: an ID token is accepted at sign-out when its session is current, also when it has expired."""
    party, browser = RelyingParty(week), Browser(week)
    hint = party.tokens(browser)["id_token"]
    rotated_long_ago(week, browser, party)
    assert header_of(hint)["kid"] not in [key["kid"] for key in party.http.get("/jwks").json["keys"]]
    silent = browser.get(party.authorize_url(prompt="none", id_token_hint=hint))
    assert parameters(silent.headers["Location"])["error"] == "invalid_request"  # for this purpose alone
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=LOGGED_OUT)
    assert (answer.status_code, answer.headers.get("Location")) == (303, LOGGED_OUT)
    assert not signed_in(browser, party)


def test_2_a_hint_whose_key_was_revoked_signs_nobody_out(week: Provider) -> None:
    party, browser = RelyingParty(week), Browser(week)
    hint = party.tokens(browser)["id_token"]
    rotated_long_ago(week, browser, party)
    week.keys.revoke(str(header_of(hint)["kid"]))
    week.clock.advance(1)
    answer = leave(browser, id_token_hint=hint, post_logout_redirect_uri=LOGGED_OUT)
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)
    assert signed_in(browser, party)
