"""The device authorization grant for window terminals (RFC 8628), end to end and attacked (T1, T2, T6, A9, A11, D4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from idp.model import device
from kernel.entropy import SeededEntropy
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, PASSWORD, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, claims_of, details, public_client

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS = [GRANT, "refresh_token"]


class Terminal(RelyingParty):
    """A window terminal."""

    def __init__(self, provider: Provider, **metadata: Any) -> None:
        super().__init__(provider, **{"grant_types": GRANTS, "redirect_uris": [], **metadata})

    def ask(self, dpop: ProofKey | None = None, **changes: Any) -> TestResponse:
        fields = {"client_id": self.id, "scope": "openid profile"} | changes
        return self.form("/device_authorization", fields, dpop)

    def poll(self, device_code: str, dpop: ProofKey | None = None, **changes: Any) -> TestResponse:
        fields = {"grant_type": GRANT, "device_code": device_code, "client_id": self.id} | changes
        return self.form("/token", fields, dpop)


@pytest.fixture
def terminal(provider: Provider) -> Terminal:
    return Terminal(provider)


def enter(browser: Browser, user_code: str) -> TestResponse:
    """Type a code on the page."""
    return browser.submit(browser.get("/device"), user_code=user_code)


def answer(browser: Browser, user_code: str, decision: str = "allow") -> TestResponse:
    """Type the code, sign in, decide; the last page."""
    page = enter(browser, user_code)
    while "decision" not in page.text:
        assert page.status_code == 200, page.text
        page = browser.submit(page, username="wang", password=PASSWORD)
    return browser.submit(page, decision=decision)


def error(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.json["error"]


def test_a_terminal_is_given_tokens_once_the_person_agreed(either_provider: Provider) -> None:
    """RFC 8628 §3.2 to §3.5."""
    terminal, browser = Terminal(either_provider), Browser(either_provider)
    asked = terminal.ask()
    assert (asked.status_code, asked.headers["Cache-Control"]) == (200, "no-store")
    assert (asked.json["expires_in"], asked.json["interval"]) == (600, 5)
    assert asked.json["verification_uri"] == f"{ISSUER}/device"
    query = parse_qs(urlsplit(asked.json["verification_uri_complete"]).query)
    assert query == {"user_code": [asked.json["user_code"]]}
    assert error(terminal.poll(asked.json["device_code"])) == (400, "authorization_pending")
    page = answer(browser, asked.json["user_code"].lower().replace("-", " "))
    assert "请回到终端继续" in page.text
    tokens = terminal.poll(asked.json["device_code"])
    assert tokens.status_code == 200, tokens.text
    assert {"access_token", "refresh_token", "id_token"} <= tokens.json.keys()
    assert claims_of(tokens.json["id_token"])["aud"] == terminal.id
    assert terminal.refresh(tokens.json["refresh_token"]).status_code == 200


def test_the_page_says_whose_terminal_it_is_and_warns(provider: Provider, terminal: Terminal, browser: Browser) -> None:
    """RFC 8628 §5.4: remote phishing."""
    asked = terminal.ask().json
    shown = browser.get(asked["verification_uri_complete"].removeprefix(ISSUER))
    assert asked["user_code"] in shown.text  # §3.3.1: compared with the screen, and posted by the person
    assert "诈骗" in shown.text
    page = browser.submit(browser.submit(shown, user_code=asked["user_code"]), username="wang", password=PASSWORD)
    for told in ("市场监管网站", "市场监督管理局", "您的姓名和实名等级", "终端（而不是您的手机）"):
        assert told in page.text


def test_A11_a_remembered_consent_does_not_answer_for_a_terminal(terminal: Terminal, browser: Browser) -> None:
    for _ in range(2):
        asked = terminal.ask().json
        page = enter(browser, asked["user_code"])
        if "password" in page.text:
            page = browser.submit(page, username="wang", password=PASSWORD)
        assert 'name="decision"' in page.text
        browser.submit(page, decision="allow")
        assert terminal.poll(asked["device_code"]).status_code == 200


def test_a_person_who_says_no_is_obeyed(terminal: Terminal, browser: Browser) -> None:
    asked = terminal.ask().json
    assert "您没有同意" in answer(browser, asked["user_code"], "deny").text
    assert error(terminal.poll(asked["device_code"])) == (400, "access_denied")
    assert enter(browser, asked["user_code"]).status_code == 422


def test_asking_too_often_is_slowed_down_for_good(terminal: Terminal, provider: Provider) -> None:
    """RFC 8628 §3.5: by five seconds, for this and all later requests."""
    code = terminal.ask().json["device_code"]
    assert error(terminal.poll(code))[1] == "authorization_pending"
    provider.clock.advance(4)
    assert error(terminal.poll(code))[1] == "slow_down"
    provider.clock.advance(9)
    assert error(terminal.poll(code))[1] == "slow_down"
    provider.clock.advance(15)
    assert error(terminal.poll(code))[1] == "authorization_pending"
    provider.clock.advance(15)
    assert error(terminal.poll(code))[1] == "authorization_pending"


def test_a_device_code_expires(terminal: Terminal, provider: Provider, browser: Browser) -> None:
    asked = terminal.ask().json
    late = terminal.ask().json
    answer(browser, late["user_code"])
    provider.clock.advance(601)
    for code in (asked["device_code"], late["device_code"]):
        assert error(terminal.poll(code)) == (400, "expired_token")
    assert enter(browser, asked["user_code"]).status_code == 422


def test_T1_a_device_code_used_twice_revokes_what_was_issued(terminal: Terminal, provider: Provider) -> None:
    asked = terminal.ask().json
    answer(Browser(provider), asked["user_code"])
    tokens = terminal.poll(asked["device_code"]).json
    assert error(terminal.poll(asked["device_code"])) == (400, "invalid_grant")
    provider.settle()
    assert terminal.introspect(tokens["access_token"]) == {"active": False}
    assert [event["facts"]["what"] for event in provider.events("TokenReused")] == ["device_code"]


def test_T2_another_clients_device_code_is_unknown_and_untouched(terminal: Terminal, provider: Provider) -> None:
    stranger = Terminal(provider)
    asked = terminal.ask().json
    answer(Browser(provider), asked["user_code"])
    assert error(stranger.poll(asked["device_code"])) == (400, "invalid_grant")
    assert terminal.poll(asked["device_code"]).status_code == 200


def test_T4_a_user_code_is_no_device_code(terminal: Terminal) -> None:
    assert error(terminal.poll(terminal.ask().json["user_code"])) == (400, "invalid_grant")


def test_T6_nothing_for_a_session_that_ended_or_a_person_disabled(terminal: Terminal, provider: Provider) -> None:
    """CVE-2026-88770: whether the account may still be used was not asked again when a device code was redeemed."""
    first, second, browser = terminal.ask().json, terminal.ask().json, Browser(provider)
    answer(browser, first["user_code"])
    browser.submit(browser.get("/"))
    assert error(terminal.poll(first["device_code"])) == (400, "invalid_grant")
    answer(browser, second["user_code"])
    provider.administration.people.disable("wang")
    assert error(terminal.poll(second["device_code"])) == (400, "invalid_grant")


def test_one_answer_counts_however_many_browsers_were_asked(terminal: Terminal, provider: Provider) -> None:
    asked, pages = terminal.ask().json, []
    browsers = [Browser(provider), Browser(provider)]
    for browser in browsers:
        page = enter(browser, asked["user_code"])
        pages.append(browser.submit(page, username="wang", password=PASSWORD))
    assert browsers[0].submit(pages[0], decision="deny").status_code == 200
    assert browsers[1].submit(pages[1], decision="allow").status_code == 404
    assert error(terminal.poll(asked["device_code"])) == (400, "access_denied")


def test_guesses_are_throttled_by_address(terminal: Terminal, provider: Provider) -> None:
    """RFC 8628 §5.1."""
    browser = Browser(provider)
    statuses = [enter(browser, "BBBB-BBBB").status_code for _ in range(5)]
    assert statuses == [422, 422, 422, 422, 429]
    assert enter(Browser(provider, address="198.51.100.7"), terminal.ask().json["user_code"]).status_code == 200


@pytest.mark.parametrize("code", ["", "x", "AAAA-AAAA", "WDJB-MJHTT", "ＷＤＪＢ-ＭＪＨＴ", "é" * 3000])
def test_what_cannot_be_a_code_is_told_so(provider: Provider, code: str) -> None:
    assert enter(Browser(provider), code).status_code == 422
    assert Browser(provider).get("/device?user_code=%E4%B8%80%3Cscript%3E").status_code == 200


def test_D4_a_device_code_asked_for_with_a_key_is_redeemed_with_it(provider: Provider) -> None:
    terminal, key = Terminal(provider), ProofKey(provider)
    asked = terminal.ask(key, scope="", authorization_details=details()).json
    answer(Browser(provider), asked["user_code"])
    assert error(terminal.poll(asked["device_code"], ProofKey(provider))) == (400, "invalid_grant")
    tokens = terminal.poll(asked["device_code"], key).json
    assert (tokens["token_type"], "refresh_token" in tokens) == ("DPoP", False)
    assert claims_of(tokens["access_token"])["authorization_details"][0]["case"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scope": "openid governance"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"authorization_details": "{}"}, "invalid_authorization_details"),
        ({"resource": "https://unknown.example"}, "invalid_target"),
        ({"redirect_uri": "https://market.example/callback"}, "invalid_request"),
        ({"prompt": "none"}, "invalid_request"),
        ({"request": "a.b.c"}, "invalid_request"),
    ],
)
def test_what_a_terminal_may_not_ask_is_refused_at_once(terminal: Terminal, changes: dict[str, str], code: str) -> None:
    assert error(terminal.ask(**changes)) == (400, code)


def test_only_registered_clients_that_prove_themselves_ask(provider: Provider) -> None:
    assert error(RelyingParty(provider).form("/device_authorization", {"scope": "openid"}))[1] == "unauthorized_client"
    terminal = Terminal(provider)
    unproven = terminal.http.post("/device_authorization", data={"client_id": terminal.id}, base_url=ISSUER)
    assert error(unproven) == (401, "invalid_client")
    kiosk = public_client(provider, grant_types=[GRANT], redirect_uris=[])
    assert kiosk.form("/device_authorization", {"scope": "openid"}).status_code == 200


def test_only_hashes_of_both_codes_are_kept(terminal: Terminal, provider: Provider) -> None:
    from hashlib import sha256

    from tests.security.test_token_codes import dump

    asked = terminal.ask().json
    stored = dump(provider)
    plain = asked["user_code"].replace("-", "")
    assert asked["device_code"] not in stored
    assert plain not in stored
    assert repr(sha256(plain.encode()).digest()) not in stored  # 34 bits could be tried through


@given(st.integers(min_value=0, max_value=2**32))
def test_every_user_code_can_be_typed_as_it_is_shown(seed: int) -> None:
    code = device.new_user_code(SeededEntropy(seed))
    for spelling in (code, device.shown(code), device.shown(code).lower(), f" {code[:3]} {code[3:]} "):
        assert device.typed(spelling) == code


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_code_or_nothing(text: str) -> None:
    found = device.typed(text)
    assert found is None or (len(found) == 8 and set(found) <= set(device.LETTERS))
