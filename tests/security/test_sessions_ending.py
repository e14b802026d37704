"""After the end (S2, S3): what was given is refused everywhere within a second, and nobody is sent astray."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.doubles.browser import Browser, form_of, parameters
from tests.doubles.identity_provider import ISSUER, Provider
from tests.doubles.relying_party import LOGGED_OUT, RelyingParty, claims_of, public_client


def logout(browser: Browser, **query: str):
    return browser.get(f"/logout?{urlencode(query)}")


def test_S2_signing_out_ends_every_token_of_the_session_at_every_department(
    provider: Provider, browser: Browser
) -> None:
    first, second = (
        RelyingParty(provider),
        public_client(provider, tongban_organisation=provider.administration.clients.organisations()[1]["code"]),
    )
    mine, theirs = first.tokens(browser), second.tokens(browser)
    elsewhere = first.tokens(Browser(provider))
    answer = logout(browser, id_token_hint=mine["id_token"], post_logout_redirect_uri=LOGGED_OUT, state="s 1")
    assert answer.headers["Location"] == f"{LOGGED_OUT}?state=s+1"
    provider.clock.advance(0.9)
    node = first.on(provider.another_node())
    for token in (mine["access_token"], mine["refresh_token"]):
        assert node.introspect(token) == {"active": False}
    assert second.refresh(theirs["refresh_token"]).status_code == 400
    assert first.http.get("/userinfo", headers={"Authorization": f"Bearer {theirs['access_token']}"}).status_code == 401
    assert first.introspect(elsewhere["access_token"])["active"]  # another session of the same person goes on
    assert parameters(browser.get(first.authorize_url(prompt="none")).headers["Location"])["error"] == "login_required"
    assert [event["event"] for event in provider.events()].count("SignedOut") == 1


def test_S2_the_feed_names_the_session_as_each_department_knows_it(provider: Provider, browser: Browser) -> None:
    first = RelyingParty(provider)
    second = RelyingParty(provider, tongban_organisation=provider.administration.clients.organisations()[1]["code"])
    sids = {claims_of(party.tokens(browser)["access_token"])["sid"] for party in (first, second)}
    assert len(sids) == 2  # nothing two departments hold joins a person
    before = claims_of(browser.get("/revocations").text)
    empty = {name: [] for name in ("jti", "sid", "clients", "keys", "withdrawn", "mandates")} | {
        "taken": {},
        "given_back": {},
    }
    assert before["revoked"] == empty
    page = logout(browser)
    browser.submit(page)
    after = claims_of(browser.get("/revocations").text)
    assert set(after["revoked"]["sid"]) == sids
    assert after["version"] > before["version"]


def test_S2_the_feed_names_a_revoked_token_for_as_long_as_anybody_may_take_it(provider: Provider) -> None:
    """The exchange allows for clocks that differ: an expired token is good there for some seconds more."""
    party = RelyingParty(provider, scope="openid")
    first, second = (party.tokens(scope="openid")["access_token"] for _ in range(2))
    assert party.form("/revoke", {"token": first}).status_code == 200
    provider.clock.advance(claims_of(first)["exp"] - provider.clock.now().timestamp() + 10)
    party.form("/revoke", {"token": party.tokens(scope="openid")["access_token"]})  # what is remembered is read anew
    feed = claims_of(party.http.get("/revocations", base_url=ISSUER).text)["revoked"]["jti"]
    assert claims_of(first)["jti"] in feed
    assert claims_of(second)["jti"] not in feed


def test_S3_a_hint_about_another_person_is_a_page(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider)
    other = Browser(provider)
    hint = party.redeem(other.walk(party.authorize_url(), username="li")["code"]).json["id_token"]
    browser.walk(party.authorize_url())
    answer = logout(browser, id_token_hint=hint, post_logout_redirect_uri=LOGGED_OUT)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "code" in parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])


@pytest.mark.parametrize(
    "target",
    [
        LOGGED_OUT + "/",
        LOGGED_OUT + "?x=1",
        "https://evil.example/",
        "https://market.example/callback",
        "//market.example/bye",
    ],
)
def test_S3_only_a_registered_address_is_returned_to(provider: Provider, browser: Browser, target: str) -> None:
    party = RelyingParty(provider)
    hint = party.tokens(browser)["id_token"]
    answer = logout(browser, id_token_hint=hint, post_logout_redirect_uri=target)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "Location" not in answer.headers
    assert "code" in parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])


def test_S3_without_a_hint_the_person_is_asked_first(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider)
    party.tokens(browser)
    page = logout(browser, client_id=party.id, post_logout_redirect_uri=LOGGED_OUT, state="x")
    assert page.status_code == 200
    assert "code" in parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])
    browser.submit(page)
    assert browser.left_for == f"{LOGGED_OUT}?state=x"
    assert parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])["error"] == "login_required"


def test_S3_an_old_hint_shown_again_does_not_sign_out_by_itself(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider)
    old = party.tokens(Browser(provider))["id_token"]  # another session of the same person
    party.tokens(browser)
    assert form_of(logout(browser, id_token_hint=old)).action == "/logout/confirm"


@pytest.mark.parametrize("hint", ["x", "a.b.c", "access"])
def test_S3_a_hint_that_is_no_id_token_of_ours_is_a_page(provider: Provider, browser: Browser, hint: str) -> None:
    party = RelyingParty(provider)
    tokens = party.tokens(browser)
    head, _, tail = tokens["id_token"].split(".")
    for forged in (tokens["access_token"] if hint == "access" else hint, f"{head}.eyJpc3MiOiJ4In0.{tail}"):
        answer = logout(browser, id_token_hint=forged)
        assert (answer.status_code, answer.mimetype) == (400, "text/html")


def test_a_disabled_persons_sessions_end(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider)
    party.tokens(browser)
    provider.administration.people.disable("wang")
    assert parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])["error"] == "login_required"


@pytest.mark.parametrize(("seconds", "alive"), [(29 * 60, True), (31 * 60, False)])
def test_a_session_ends_by_idleness(provider: Provider, browser: Browser, seconds: int, alive: bool) -> None:
    party = RelyingParty(provider)
    browser.walk(party.authorize_url())
    for _ in range(3 if alive else 1):
        provider.clock.advance(seconds)
        back = parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])
        assert ("code" in back) is alive


def test_a_session_ends_by_age_however_busy(provider: Provider, browser: Browser) -> None:
    party = RelyingParty(provider)
    browser.walk(party.authorize_url())
    for _ in range(36):
        provider.clock.advance(20 * 60)
        back = parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])
    assert back["error"] == "login_required"


def test_revoking_a_refresh_token_ends_its_family_alone(provider: Provider, browser: Browser) -> None:
    """RFC 7009 §2.1."""
    party = RelyingParty(provider)
    one, other = party.tokens(browser), party.tokens(browser)
    assert party.form("/revoke", {"token": one["refresh_token"]}).status_code == 200
    assert party.introspect(one["access_token"]) == {"active": False}
    assert party.introspect(other["access_token"])["active"]
    assert party.refresh(other["refresh_token"]).status_code == 200


def test_a_stranger_cannot_revoke(provider: Provider) -> None:
    party, stranger = RelyingParty(provider), RelyingParty(provider)
    tokens = party.tokens()
    assert stranger.form("/revoke", {"token": tokens["access_token"]}).json["error"] == "unauthorized_client"
    assert stranger.form("/revoke", {"token": tokens["refresh_token"]}).status_code == 200
    provider.settle()
    assert party.introspect(tokens["access_token"])["active"]
    assert party.introspect(tokens["refresh_token"])["active"]
