"""CIBA Core 1.0 §7.1, `user_code`: what a person tells the clerk before they may be asked on their phone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from idp.authentication.passwords import Passwords
from idp.ciba.desk import MOST_OF_ONE_CLIENT
from idp.ciba.user_codes import PLACES
from tests.doubles.account import Account
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.kept import kept
from tests.unit.idp.test_ciba import Window, confirm, error, signed_in
from tests.unit.idp.test_recovery import DELAY, ask, link, set_password, told

PAGE = "/account/security/user-code"
CODE = "jade river noon"


@pytest.fixture
def wang(provider: Provider) -> Account:
    return Account(provider, "wang")


def choose(account: Account, code: str = CODE, again: str | None = None) -> Any:
    return account.browser.submit(account.open(PAGE), new=code, again=code if again is None else again)


def taking_codes(provider: Provider, **metadata: Any) -> Window:
    return Window(provider, backchannel_user_code_parameter=True, **metadata)


def test_a_person_is_asked_where_they_told_their_code(either_provider: Provider) -> None:
    provider, account = either_provider, Account(either_provider, "wang")
    window = taking_codes(provider)
    assert "已设置：只有听到口令的窗口" in choose(account).text
    assert error(window.ask()) == (400, "missing_user_code")
    assert error(window.ask(user_code="jade river night")) == (400, "invalid_user_code")
    asked = window.ask(user_code=CODE)
    assert asked.status_code == 200, asked.text
    assert "已确认" in confirm(provider, browser=account.browser).text
    assert window.poll(asked.json["auth_req_id"]).status_code == 200
    assert [entry["facts"]["client"] for entry in provider.events("UserCodeRefused")] == [window.id]


def test_a_request_without_the_code_is_neither_shown_nor_announced(provider: Provider, wang: Account) -> None:
    choose(wang)
    assert Window(provider).ask().status_code == 200
    assert "没有等待您确认的请求" in signed_in(Browser(provider)).text
    provider.deliver()
    assert not [each for each in provider.mailbox.messages if "确认一项请求" in each.text.zh]
    assert [each["facts"]["outcome"] for each in provider.events("BackchannelRequestTakenUp")] == ["code-wanted"]


def test_nobody_learns_who_has_a_code_or_an_account(provider: Provider, wang: Account) -> None:
    """The same answer for a wrong code, for somebody without one, and for a name nobody has."""
    choose(wang)
    window = taking_codes(provider)
    for name in ("wang", "li", "nobody-of-that-name"):
        answers = [window.ask(login_hint=name, user_code=code) for code in (None, "", "x" * 900, "wrong code 1")]
        missing, wrong = (400, "missing_user_code"), (400, "invalid_user_code")
        assert [error(answer) for answer in answers] == [missing, missing, wrong, wrong]


def test_guesses_are_counted_for_each_client_and_name(provider: Provider, wang: Account) -> None:
    """A client that guesses hinders nobody else, and a right code in the wait is not even looked at."""
    choose(wang)
    window, other = taking_codes(provider), taking_codes(provider)
    for name in ("wang", "nobody-of-that-name"):
        for _ in range(4):
            assert error(window.ask(login_hint=name, user_code="wrong code 1")) == (400, "invalid_user_code")
        early = window.ask(login_hint=name, user_code=CODE)
        assert error(early) == (403, "access_denied")
        assert int(early.headers["Retry-After"]) > 0
    assert other.ask(user_code=CODE).status_code == 200
    provider.clock.advance(int(early.headers["Retry-After"]) + 1)
    assert window.ask(user_code=CODE).status_code == 200


def test_a_clients_guesses_are_bounded_whatever_names_it_invents(either_provider: Provider) -> None:
    """Each is an entry and a hash: without a bound, one client would fill the log and the pool."""
    provider = either_provider
    window, other = taking_codes(provider), taking_codes(provider)
    choose(Account(provider, "wang"))
    guesses = [window.ask(login_hint=f"nobody-{each}", user_code="wrong code 1") for each in range(40)]
    refused = [each for each in guesses if error(each) == (403, "access_denied")]
    assert 0 < len(provider.events("UserCodeRefused")) == len(guesses) - len(refused) < 35
    assert error(window.ask(user_code=CODE)) == (403, "access_denied")
    assert other.ask(user_code=CODE).status_code == 200
    provider.clock.advance(int(refused[-1].headers["Retry-After"]) + 1)
    assert window.ask(user_code=CODE).status_code == 200


def test_what_is_told_wrong_now_and_then_never_adds_up(provider: Provider, wang: Account) -> None:
    choose(wang)
    window = taking_codes(provider)
    for each in range(40):
        assert error(window.ask(login_hint=f"nobody-{each}", user_code="wrong code 1")) == (400, "invalid_user_code")
        assert window.ask(user_code=CODE).status_code == 200
        provider.clock.advance(301)  # that request is over


def test_a_right_code_that_comes_to_nothing_makes_up_for_no_guess(provider: Provider, wang: Account) -> None:
    """Somebody who knows their own could otherwise send it in between, without end."""
    choose(wang)
    window = taking_codes(provider)
    for _ in range(MOST_OF_ONE_CLIENT):
        assert window.ask(user_code=CODE).status_code == 200
    for each in range(40):
        window.ask(login_hint=f"nobody-{each}", user_code="wrong code 1")
        assert error(window.ask(user_code=CODE)) == (403, "access_denied")
    assert len(provider.events("UserCodeRefused")) < 35


def test_codes_wait_in_few_places_and_what_was_not_tried_is_not_counted(
    provider: Provider, wang: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sign-ins have the rest of the pool; a client that is told to come back has lost no try."""
    choose(wang)
    window, gate, hashing = taking_codes(provider), threading.Event(), Passwords.verify
    under_way = threading.Semaphore(0)

    def waits(passwords: Passwords, secret: str, encoded: str | None) -> bool:
        if secret != CODE:
            under_way.release()
            assert gate.wait(30)
        return hashing(passwords, secret, encoded)

    with ThreadPoolExecutor(PLACES) as pool:
        monkeypatch.setattr(Passwords, "verify", waits)
        asked = [
            pool.submit(window.ask, login_hint=f"nobody-{each}", user_code="wrong code 1") for each in range(PLACES)
        ]
        for _ in asked:
            assert under_way.acquire(timeout=30)
        try:
            busy = [window.ask(user_code=CODE) for _ in range(40)]
        finally:
            gate.set()
    assert {error(each) for each in busy} == {(503, "temporarily_unavailable")}
    assert all(int(each.headers["Retry-After"]) > 0 for each in busy)
    assert {error(each.result()) for each in asked} == {(400, "invalid_user_code")}
    assert window.ask(user_code=CODE).status_code == 200


@pytest.mark.parametrize("code", ["", "short 1", "wang wang wang", "12345678", "qwertyuiop", PASSWORD, "x" * 300])
def test_a_code_that_others_would_try_or_should_not_hear_is_refused(wang: Account, code: str) -> None:
    assert choose(wang, code).status_code == 422
    assert "没有口令" in wang.open("/account/security").text


def test_the_code_does_not_become_the_password(provider: Provider, wang: Account) -> None:
    """Neither by a change, in whatever spelling, nor on the way back into the account."""
    choose(wang)
    page = wang.open("/account/security/password")
    for spelling in (CODE, "ｊade river noon"):
        refused = wang.browser.submit(page, password=PASSWORD, new=spelling, again=spelling)
        assert (refused.status_code, "与您告诉窗口人员的口令相同" in refused.text) == (422, True)
    assert provider.events("PasswordChanged") == []
    ask(provider)
    told(provider)
    provider.clock.advance(DELAY)
    told(provider)
    path = link(provider, "link")
    refused = set_password(provider, path, CODE)
    assert (refused.status_code, "与您告诉窗口人员的口令相同" in refused.text) == (422, True)
    assert set_password(provider, path).status_code == 200


def test_a_code_typed_in_two_ways_is_refused(wang: Account) -> None:
    page = choose(wang, CODE, "jade river none")
    assert (page.status_code, "两次输入的口令不一致" in page.text) == (422, True)


def test_a_chosen_code_is_changed_and_removed_with_notices(provider: Provider, wang: Account) -> None:
    window = taking_codes(provider)
    choose(wang)
    assert "已设置：只有听到口令的窗口" in choose(wang, "seven slow herons").text
    assert error(window.ask(user_code=CODE)) == (400, "invalid_user_code")
    assert window.ask(user_code="seven slow herons").status_code == 200
    assert "没有口令" in wang.browser.submit(wang.open(f"{PAGE}/remove")).text
    assert error(window.ask(user_code="seven slow herons")) == (400, "invalid_user_code")
    assert wang.browser.submit(wang.open(f"{PAGE}/remove")).status_code == 404
    assert Window(provider).ask().status_code == 200
    provider.deliver()
    words = " ".join(each.text.zh for each in provider.mailbox.messages)
    assert words.count("设置了窗口口令") == 2
    assert words.count("移除了窗口口令") == 1


def test_choosing_asks_for_a_recent_sign_in(provider: Provider, wang: Account) -> None:
    wang.open(PAGE)
    provider.clock.advance(3600)
    assert wang.browser.get(PAGE).status_code == 303


def test_L3_the_code_is_kept_hashed(provider: Provider, wang: Account) -> None:
    choose(wang)
    taking_codes(provider).ask(user_code=CODE)
    rows = kept(provider.database, "credential", "backchannel_request")
    assert CODE not in rows
    assert "$argon2id$" in rows
    assert CODE not in repr(provider.events())
