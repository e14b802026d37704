"""Links of pages lead to pages of ours: never to another origin, and never to an address that answers no GET."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from kernel.web.fastpath import WsgiApp
from tests.cases import sized
from tests.doubles.account import Account
from tests.doubles.browser import Browser, form_of
from tests.doubles.exchange import World, prepared_postgresql, prepared_sqlite, small_world
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.relying_party import RelyingParty

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world"]  # fixtures
EXAMPLES = sized(150, 20_000)
WAYS_OUT = ("/", "\\", "\t", "\n", "\r", ".", "..", "@", ":", "?", "#", "evil.example", "https:", "王", "%2f", "x")
PATHS = st.lists(st.sampled_from(WAYS_OUT) | st.text(max_size=3), max_size=6).map("".join)
_LINK = re.compile(r'href="([^"]*(?:\?|&amp;)(?:lang|type)=[^"]*)"')
FOR_SCRIPTS, NO_SUCH_METHOD = "/options", 405


def switches(page: str) -> list[str]:
    """The links to another language and another size of letters."""
    return [unescape(link) for link in _LINK.findall(page)]


def stays(link: str) -> bool:
    """Whether browsers resolve a link within our origin (URL Standard: basic URL parser, relative slash state)."""
    seen = re.sub(r"[\t\n\r]", "", link.strip("".join(map(chr, range(0x21))))).replace("\\", "/")
    return seen.startswith("/") and not seen.startswith("//")


@pytest.fixture
def services(provider: Provider, small_world: World) -> list[WsgiApp]:
    return [provider.app, small_world.client.application]


def test_no_language_link_leaves_our_origin(services: list[WsgiApp]) -> None:
    r"""`/%5Cevil.example/x` is no page, and its page in English was at `/\evil.example/x`: browsers went there."""
    assert not stays("/\\evil.example/x?lang=en")
    assert not stays("/\t/evil.example/x?lang=en")

    @settings(max_examples=EXAMPLES)
    @given(path=PATHS)
    def look(path: str) -> None:
        sent = "/" + quote(path, safe="/", errors="replace")
        for app in services:
            page = Client(app, use_cookies=False).get(sent, headers={"Accept": "text/html"})
            links = switches(page.text)
            assert links or page.mimetype != "text/html" or page.status_code < 400
            assert all(map(stays, links)), links

    look()


def test_whatever_takes_a_form_answers_a_get(services: list[WsgiApp]) -> None:
    """Links to other languages, and sign-ins that a form ran into, come back by GET."""
    for app in services:
        forms = [rule.rule for rule in app.flask.url_map.iter_rules() if rule.endpoint.startswith("page POST ")]
        assert len(forms) > 30
        client = Client(app, use_cookies=False)
        dead = [path for path in forms if client.get(re.sub(r"<[^>]+>", "x", path)).status_code == NO_SUCH_METHOD]
        assert [path for path in dead if not path.endswith(FOR_SCRIPTS)] == []


def test_after_a_wrong_password_and_a_wrong_code_the_page_is_there_in_english(
    provider: Provider, party: RelyingParty
) -> None:
    for start in ("/account/security/password", party.authorize_url(acr_values="urn:tongban:loa:3")):
        browser = Browser(provider)
        page = browser.submit(browser.follow(browser.get(start)), username="wang", password="not this one")
        page = switched(browser, page, "en")
        assert "password" in form_of(page).names
        page = browser.submit(page, username="wang", password=PASSWORD)
        page = switched(browser, browser.submit(page, otp="000000"), "zh")
        assert "otp" in form_of(page).names


def switched(browser: Browser, page: TestResponse, language: str) -> TestResponse:
    """The page in another language, where its own link leads."""
    [link] = [link for link in switches(page.text) if f"lang={language}" in link]
    answer = browser.follow(browser.get(link))
    assert (answer.status_code, answer.headers["Content-Language"][:2]) == (200, language)
    return answer


@pytest.mark.parametrize(
    ("at", "idle"),
    [
        ("/account/representations/rep_x/end", 15 * 60 + 1),
        ("/account/representations/agencies/apt_x/answer", 15 * 60 + 1),
        ("/account/representations/agencies/apt_x/end", 15 * 60 + 1),
        ("/account/requests/bcr_x", 13 * 3600),
    ],
)
def test_a_button_pressed_too_late_leads_back_to_its_list(provider: Provider, at: str, idle: int) -> None:
    """After the sign-in that was asked for: the list with its buttons, and nothing done."""
    wang = Account(provider, "wang")
    page = wang.open("/account/representations")
    provider.clock.advance(idle)
    sent = wang.browser.post(at, {**form_of(page).fields, "decision": "confirm"})
    assert sent.status_code == 303
    back = wang.open(sent.headers["Location"])
    assert (back.status_code, back.request.path) == (200, at[: at.index("/", len("/account/"))])
