"""Checks of the Front-Channel Logout plan, and of what OpenID Connect Front-Channel Logout 1.0 asks besides."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from idp.administration.errors import AdministrationError
from tests.doubles.browser import Browser, parameters
from tests.doubles.identity_provider import ISSUER, URBAN, Provider
from tests.doubles.relying_party import CALLBACK, LOGGED_OUT, RelyingParty, claims_of
from tests.doubles.self_registered import SelfRegistered

OUT = "https://market.example/frontchannel_logout?from=tongban"


@pytest.fixture
def party(provider: Provider) -> RelyingParty:
    return SelfRegistered(provider, frontchannel_logout_uri=OUT, frontchannel_logout_session_required=True)


def leave(browser: Browser, tokens: dict[str, Any]) -> TestResponse:
    query = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": LOGGED_OUT, "state": "abc"}
    return browser.get(f"/logout?{urlencode(query)}")


def frames(page: TestResponse) -> list[str]:
    return [unescape(each) for each in re.findall(r'<iframe src="([^"]*)"', page.text)]


def frame_sources(page: TestResponse) -> str:
    found = re.search(r"frame-src ([^;]*);", page.headers["Content-Security-Policy"])
    return found[1] if found else ""


def test_oidcc_frontchannel_logout_discovery_endpoint_verification(party: RelyingParty) -> None:
    said = party.http.get("/.well-known/openid-configuration").json
    assert said["frontchannel_logout_supported"] is True
    assert said["frontchannel_logout_session_supported"] is True
    assert said["end_session_endpoint"]


def test_oidcc_frontchannel_rp_initiated_logout(party: RelyingParty, browser: Browser) -> None:
    """§3: the registered address is loaded with `iss` and `sid`; the way back with `state` stays."""
    tokens = party.tokens(browser)
    page = leave(browser, tokens)
    assert page.status_code == 200
    [frame] = frames(page)
    assert frame.startswith(OUT + "&")
    assert parameters(frame) == {"from": "tongban", "iss": ISSUER, "sid": claims_of(tokens["id_token"])["sid"]}
    assert browser.link(page) == f"{LOGGED_OUT}?state=abc"
    back = parameters(browser.get(party.authorize_url(prompt="none")).headers["Location"])
    assert back["error"] == "login_required"


def test_frames_are_let_in_from_exactly_those_origins(
    party: RelyingParty, provider: Provider, browser: Browser
) -> None:
    """§4.1 of this page's policy: two departments with a frame, one without; a page without frames has no such word."""
    urban = RelyingParty(
        provider,
        tongban_organisation=URBAN,
        client_name="Urban",
        redirect_uris=[CALLBACK, "https://urban.example:8443/cb"],
        frontchannel_logout_uri="https://urban.example:8443/out",
    )
    tokens = party.tokens(browser)
    urban.tokens(browser)
    RelyingParty(provider, client_name="Untold").tokens(browser)
    page = leave(browser, tokens)
    assert sorted(frame_sources(page).split()) == ["https://market.example", "https://urban.example:8443"]
    assert {urlsplit(each).netloc for each in frames(page)} == {"market.example", "urban.example:8443"}
    sids = {parameters(each)["sid"] for each in frames(page)}
    assert len(sids) == 2  # departments cannot join a person by them
    assert "frame-src" not in browser.get("/").headers["Content-Security-Policy"]


def test_the_page_says_what_it_cannot_know(party: RelyingParty, browser: Browser) -> None:
    """A frame answers nobody: the department is never said to have signed the person out."""
    page = leave(browser, party.tokens(browser))
    assert "已请浏览器退出</strong>" in page.text
    assert "已退出</strong>" not in page.text
    assert "我们看不到结果" in page.text
    assert 'sandbox="allow-scripts allow-same-origin"' in page.text  # it cannot lead the page away


def test_a_department_told_both_ways_is_loaded_too(provider: Provider, browser: Browser) -> None:
    both = RelyingParty(provider, frontchannel_logout_uri=OUT, backchannel_logout_uri="https://market.example/out")
    page = leave(browser, both.tokens(browser))
    assert len(frames(page)) == 1
    assert "已退出</strong>" in page.text


def test_only_departments_of_this_session_are_loaded(party: RelyingParty, provider: Provider, browser: Browser) -> None:
    other = RelyingParty(provider)
    tokens = other.tokens(browser)
    assert frames(leave(browser, tokens)) == []


@pytest.mark.parametrize(
    "uri",
    [
        "https://elsewhere.example/out",
        "http://market.example/out",
        "https://market.example:444/out",
        "https://market.example/out#x",
        "javascript:alert(1)",
        "https://market.example;script-src/out",
    ],
)
def test_registered_address_has_the_origin_of_a_redirect_uri(provider: Provider, uri: str) -> None:
    """§2."""
    with pytest.raises(AdministrationError):
        RelyingParty(provider, frontchannel_logout_uri=uri)


def test_session_required_is_a_flag(provider: Provider) -> None:
    """§2."""
    with pytest.raises(AdministrationError):
        RelyingParty(provider, frontchannel_logout_uri=OUT, frontchannel_logout_session_required="yes")
