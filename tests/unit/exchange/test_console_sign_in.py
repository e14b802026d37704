"""Signing in to the officers' pages: what is checked of an answer, how a session ends, and no going in circles."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from werkzeug.test import Client

from exchange.console import cookies
from kernel.entropy import SeededEntropy
from kernel.web.http import HttpRequest
from tests.doubles.browser import form_of
from tests.doubles.exchange import ISSUER, MARKET, ORIGIN, POLICE, World
from tests.doubles.kept import kept
from tests.doubles.sign_ins import CLIENT, OfficersBrowser

PANEL = "provider-officer"


@pytest.fixture
def browser(small_world: World) -> OfficersBrowser:
    return OfficersBrowser(small_world)


def test_an_officer_signs_in_and_comes_back_to_where_they_wanted_to_go(browser: OfficersBrowser) -> None:
    wanted = browser.get("/console/grants?state=all")
    assert wanted.status_code == 303
    asked = browser.get(wanted.headers["Location"])
    assert "前往登录" in asked.text
    assert "form-action 'self'" in asked.headers["Content-Security-Policy"]
    start = re.search(r'href="(/console/sign-in/start[^"]*)"', asked.text)
    assert start is not None
    leaving = browser.get(start[1].replace("&amp;", "&"))
    answer = browser.world.issuer.sign_ins.approve(
        leaving.headers["Location"], sub="p", roles=[PANEL], organisation=POLICE
    )
    back = browser.come_back(answer)
    assert (back.status_code, back.headers["Location"]) == (303, "/console/grants?state=all")
    page = browser.get(back.headers["Location"])
    assert page.status_code == 200
    assert "公安局" in page.text
    assert browser.cookies() == ["exchange-console"]


def test_the_request_is_pushed_where_the_provider_offers_it(browser: OfficersBrowser) -> None:
    pushed = dict(parse_qsl(urlsplit(browser.start()).query))
    assert pushed.keys() == {"client_id", "request_uri"}


def test_without_pushed_requests_it_says_the_same_in_the_address(browser: OfficersBrowser) -> None:
    browser.world.issuer.sign_ins.par = False
    plain = dict(parse_qsl(urlsplit(browser.start()).query))
    assert plain["client_id"] == CLIENT
    assert plain["acr_values"] == "urn:tongban:loa:3"
    assert browser.sign_in("p", PANEL, organisation=POLICE).status_code == 303


@pytest.mark.parametrize("name", [cookies.SESSION, cookies.ATTEMPT])
def test_with_https_the_cookies_belong_to_this_very_host(name: str) -> None:
    jar = cookies.Cookies(https=True)
    for _header, line in (jar.set(name, "secret"), jar.clear(name)):
        assert line.startswith(f"__Host-{name}=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in line.split(";")}
        assert "Domain" not in line
    sent = "exchange-console=a; exchange-sign-in=b"
    request = HttpRequest("GET", "/console", headers={"cookie": sent})
    assert jar.read(request, name) is None  # set by a neighbour without the prefix
    ours = HttpRequest("GET", "/console", headers={"cookie": f"__Host-{name}=c; {sent}"})
    assert jar.read(ours, name) == "c"


@pytest.mark.parametrize("flags", ["HttpOnly", "SameSite=Lax", "Path=/"])
def test_the_cookies_are_for_this_site_alone(browser: OfficersBrowser, flags: str) -> None:
    back = browser.sign_in("p", PANEL, organisation=POLICE)
    session = next(each for each in back.headers.get_all("Set-Cookie") if each.startswith("exchange-console="))
    assert flags in session


def test_the_answer_is_taken_once(browser: OfficersBrowser) -> None:
    location = browser.start()
    answer = browser.world.issuer.sign_ins.approve(location, sub="p", roles=[PANEL], organisation=POLICE)
    assert browser.come_back(answer).status_code == 303
    assert browser.come_back(answer).headers["Location"] == "/console"  # signed in already
    other = OfficersBrowser(browser.world)
    assert other.come_back(answer).status_code == 400
    other.start()
    assert other.come_back(answer).status_code == 400
    assert other.cookies() == ["exchange-sign-in"]  # no session; their own sign-in may still come back


WRONG_ANSWERS: dict[str, dict[str, str | None]] = {
    "state": {"state": "another"},
    "no state": {"state": None},
    "issuer": {"iss": "http://evil.test"},
    "no issuer": {"iss": None},
    "code": {"code": "invented"},
    "no code": {"code": None},
    "refusal": {"error": "access_denied"},
}


@pytest.mark.parametrize("wrong", WRONG_ANSWERS)
def test_an_answer_that_does_not_belong_here_signs_nobody_in(browser: OfficersBrowser, wrong: str) -> None:
    answer = browser.world.issuer.sign_ins.approve(browser.start(), sub="p", roles=[PANEL], organisation=POLICE)
    sent = {name: value for name, value in {**answer, **WRONG_ANSWERS[wrong]}.items() if value is not None}
    page = browser.come_back(sent)
    assert page.status_code == 400
    assert "没有登录" in page.text
    assert "重新登录" in page.text  # a button, never a redirect: nothing turns in a circle
    foreign = wrong in {"state", "no state"}  # says nothing about the sign-in that is under way here
    assert browser.cookies() == (["exchange-sign-in"] if foreign else [])
    assert browser.come_back(answer).status_code == (303 if foreign else 400)


WRONG_TOKENS: dict[str, dict[str, Any]] = {
    "nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "audience": {"aud": "another-client"},
    "several audiences": {"aud": [CLIENT, "another-client"]},
    "azp": {"azp": "another-client"},
    "issuer": {"iss": "http://evil.test"},
    "expired": {"exp": 1, "iat": 0},
    "of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "of an empty hash": {"at_hash": ""},
    "about another person": {"sub": "somebody-else"},
    "of another sign-in": {"sid": "another"},
    "too weak": {"acr": "urn:tongban:loa:2"},
    "of no level": {"acr": None},
}


@pytest.mark.parametrize("wrong", WRONG_TOKENS)
def test_an_id_token_that_does_not_hold_signs_nobody_in(browser: OfficersBrowser, wrong: str) -> None:
    browser.world.issuer.sign_ins.changed = WRONG_TOKENS[wrong]
    assert browser.sign_in("p", PANEL, organisation=POLICE).status_code == 400
    assert browser.cookies() == []


def test_an_id_token_of_an_unknown_key_signs_nobody_in(browser: OfficersBrowser) -> None:
    issuer = browser.world.issuer
    issuer.key = issuer.new_key(SeededEntropy(4711))
    assert browser.sign_in("p", PANEL, organisation=POLICE).status_code == 400


def test_a_sign_in_left_lying_is_begun_again(browser: OfficersBrowser) -> None:
    answer = browser.world.issuer.sign_ins.approve(browser.start(), sub="p", roles=[PANEL], organisation=POLICE)
    browser.world.clock.advance(16 * 60)
    browser.world.rooms.revocations.renew()
    assert browser.come_back(answer).status_code == 400


ELSEWHERE = ["https://evil.test/", "//evil.test/console", "/\\evil.test", "/v1/grants", "console", "/console/../x\n"]
ELSEWHERE += ["//[", "http://[x", "/consoles", "/console" + "x" * 600]


@pytest.mark.parametrize("to", ELSEWHERE)
def test_nobody_is_sent_elsewhere_after_signing_in(browser: OfficersBrowser, to: str) -> None:
    back = browser.sign_in("p", PANEL, organisation=POLICE, to=to)
    assert back.headers["Location"] == "/console"
    assert OfficersBrowser(browser.world).get(f"/console/sign-in?{urlencode({'to': to})}").status_code == 200


def test_a_provider_that_cannot_be_reached_is_said_to_be_so(browser: OfficersBrowser) -> None:
    browser.world.issuer.sign_ins.down = True
    page = browser.get("/console/sign-in/start")
    assert page.status_code == 503
    assert "Retry-After" in page.headers


def test_somebody_without_an_office_is_told_so_and_can_leave(browser: OfficersBrowser) -> None:
    browser.sign_in("citizen", organisation=POLICE)
    page = browser.get("/console/grants")
    assert page.status_code == 403
    assert "没有共享治理职务" in page.text
    assert "/console/sign-out" in page.text


def test_a_session_ends_when_it_is_left_alone_and_when_its_hours_are_over(browser: OfficersBrowser) -> None:
    world = browser.world
    browser.sign_in("p", PANEL, organisation=POLICE)

    def after(minutes: int) -> int:
        world.clock.advance(minutes * 60)
        world.rooms.revocations.renew()
        world.rooms.policy.renew()
        return browser.get("/console/grants").status_code

    assert [after(29) for _ in range(3)] == [200] * 3
    assert after(31) == 303
    browser.sign_in("p", PANEL, organisation=POLICE)
    assert [after(29) for _ in range(16)] == [200] * 16
    assert after(29) == 303  # eight hours


def test_a_cookie_that_is_none_of_ours_opens_nothing(browser: OfficersBrowser) -> None:
    browser.sign_in("p", PANEL, organisation=POLICE)
    stranger = OfficersBrowser(browser.world)
    stranger.client = Client(browser.client.application, use_cookies=False)  # its own jar would replace the header
    mine = browser.client.get_cookie("exchange-console", "exchange.test")
    assert mine is not None

    def opened(value: str) -> int:
        return stranger.get("/console/grants", Cookie=f"exchange-console={value}").status_code

    assert opened(mine.value) == 200
    for value in ("x", "x" * 43, "", "é"):
        assert opened(value) == 303, value
    for twice in (f"{mine.value}; exchange-console=b", f"b; exchange-console={mine.value}"):
        assert opened(twice) == 303  # one of them is not ours, and nobody knows which
    rows = kept(browser.world.outside.database, "console_session")
    assert mine.value not in rows  # only its hash is kept
    assert "eyJ" not in rows
    assert PANEL not in rows


def test_a_session_of_the_pages_opens_no_address_of_the_api(browser: OfficersBrowser) -> None:
    browser.sign_in("p", PANEL, organisation=POLICE)
    assert browser.get("/v1/grants").status_code == 401
    assert browser.post("/v1/grants/G-STAFF/suspend", {"reason": "x"}).status_code == 401


def test_signing_out_ends_the_session_here_and_at_the_provider(browser: OfficersBrowser) -> None:
    browser.sign_in("p", PANEL, organisation=POLICE)
    left = browser.press("/console/sign-out")
    target = urlsplit(left.headers["Location"])
    sent = dict(parse_qsl(target.query))
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{ISSUER}/logout"
    assert sent["post_logout_redirect_uri"] == f"{ORIGIN}/console/signed-out"
    assert sent["id_token_hint"].count(".") == 2
    assert browser.get("/console/grants").status_code == 303
    assert "已退出" in browser.get("/console/signed-out").text


def test_a_providers_address_with_a_question_mark_is_gone_on_with(
    browser: OfficersBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs = browser.world.issuer.sign_ins
    known = {**signs.metadata(), "end_session_endpoint": f"{ISSUER}/logout?tenant=1"}
    monkeypatch.setattr(signs, "metadata", lambda: known)
    browser.sign_in("p", PANEL, organisation=POLICE)
    target = urlsplit(browser.press("/console/sign-out").headers["Location"])
    assert dict(parse_qsl(target.query)).keys() == {
        "tenant", "id_token_hint", "client_id", "post_logout_redirect_uri",
    }  # fmt: skip


def test_whoever_wants_to_leave_can_while_nobody_knows_what_was_revoked(browser: OfficersBrowser) -> None:
    browser.sign_in("p", PANEL, organisation=POLICE)
    form = form_of(browser.get("/console/sign-out"))
    browser.world.issuer.down = True
    browser.world.clock.advance(1.0)
    assert browser.get("/console/grants").status_code == 503
    left = browser.post("/console/sign-out", form.fields)
    assert left.status_code == 303
    assert left.headers["Location"].startswith(f"{ISSUER}/logout?")
    assert browser.cookies() == []
    with browser.world.outside.database.read() as connection:
        assert connection.exec_driver_sql("SELECT * FROM console_session").fetchall() == []


def test_signing_out_needs_the_pages_own_form(browser: OfficersBrowser) -> None:
    browser.sign_in("p", PANEL, organisation=POLICE)
    assert browser.post("/console/sign-out", {}).status_code == 400
    assert browser.post("/console/sign-out", {}, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.get("/console/grants").status_code == 200


def told(world: World, token: str) -> int:
    return OfficersBrowser(world).post("/console/backchannel-logout", {"logout_token": token}).status_code


def test_the_providers_word_ends_sessions(browser: OfficersBrowser) -> None:
    world, signs = browser.world, browser.world.issuer.sign_ins
    browser.sign_in("p", PANEL, organisation=POLICE)
    bystander = OfficersBrowser(world)
    bystander.sign_in("g", "governance-approver", organisation=MARKET)
    assert told(world, signs.logout_token(sid=browser.sid, sub="p")) == 200
    assert browser.get("/console/grants").status_code == 303
    assert bystander.get("/console/grants").status_code == 200
    assert told(world, signs.logout_token(sub="g")) == 200
    assert bystander.get("/console/grants").status_code == 303
    assert told(world, signs.logout_token(sub="g")) == 200  # there is nothing left to end


def test_the_providers_word_counts_once(browser: OfficersBrowser) -> None:
    world, signs = browser.world, browser.world.issuer.sign_ins
    for about in ({"sub": "p"}, {"sid": "sid-of-p", "sub": "p"}):
        browser.sign_in("p", PANEL, organisation=POLICE)
        token = signs.logout_token(**about)
        assert told(world, token) == 200
        assert browser.get("/console/grants").status_code == 303
        browser.sign_in("p", PANEL, organisation=POLICE)
        assert told(world, token) == 400
        assert browser.get("/console/grants").status_code == 200
    world.clock.advance(120)  # of the token's own life: it is remembered for as long as it could be taken
    world.rooms.revocations.renew()
    world.rooms.policy.renew()
    with world.outside.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM seen_proof").scalar_one() >= 2
    assert told(world, token) == 400


BAD_LOGOUTS: dict[str, dict[str, Any]] = {
    "for another": {"aud": "another-client"},
    "by another": {"iss": "http://evil.test"},
    "with a nonce": {"nonce": "n"},
    "of no event": {"events": {}},
    "about nobody": {"sid": None},
    "expired": {"iat": 1, "exp": 2},
    "without a jti": {"jti": None},
    "with a jti that is no text": {"jti": 7},
    "with an empty jti": {"jti": ""},
    "an id token": {"typ": "JWT"},
}


@pytest.mark.parametrize("wrong", BAD_LOGOUTS)
def test_a_logout_token_that_does_not_hold_ends_nothing(browser: OfficersBrowser, wrong: str) -> None:
    browser.sign_in("p", PANEL, organisation=POLICE)
    token = browser.world.issuer.sign_ins.logout_token(**{"sid": browser.sid, **BAD_LOGOUTS[wrong]})
    assert told(browser.world, token) == 400
    assert told(browser.world, "x") == 400
    assert browser.get("/console/grants").status_code == 200


@pytest.mark.parametrize("kind", ["sid", "clients"])
def test_what_ends_a_token_ends_the_session_within_the_second(browser: OfficersBrowser, kind: str) -> None:
    browser.sign_in("p", PANEL, organisation=POLICE)
    assert browser.get("/console/grants").status_code == 200
    browser.world.issuer.revoke(kind, browser.sid if kind == "sid" else CLIENT)
    browser.world.rooms.revocations.renew()
    assert browser.get("/console/grants").status_code == 303


def test_a_form_sent_after_the_session_ended_does_nothing_and_says_so(browser: OfficersBrowser) -> None:
    world = browser.world
    browser.sign_in("p", PANEL, organisation=POLICE)
    form = form_of(browser.get("/console/grants/G-STAFF@1/suspend"))
    world.issuer.revoke("sid", browser.sid)
    world.rooms.revocations.renew()
    page = browser.post("/console/grants/G-STAFF@1/suspend", {**form.fields, "reason": "演示"})
    assert page.status_code == 401
    assert "没有处理" in page.text
    assert world.events("GrantSuspended") == []


def test_sessions_that_are_over_are_forgotten(browser: OfficersBrowser) -> None:
    world = browser.world
    browser.sign_in("p", PANEL, organisation=POLICE)
    console = world.rooms.console
    assert console is not None
    assert console.sessions.prune() == 0
    world.clock.advance(31 * 60)
    assert console.sessions.prune() == 1


def test_the_second_node_knows_the_session(browser: OfficersBrowser) -> None:
    browser.sign_in("p", PANEL, organisation=POLICE)
    other = browser.world.another_node()
    browser.client.application = other.client.application
    assert browser.get("/console/grants").status_code == 200
    other.rooms.close()
