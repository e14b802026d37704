"""Signing in: password, one-time code, growing waits, and nothing that tells which names exist."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.authentication import totp
from idp.authentication.passwords import MOST_WAITING, HashingBusy, Passwords, PasswordUnusable
from idp.authentication.throttling import LONGEST_WAIT, growing, network
from idp.model.naming import canonical_username
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import PASSWORD, START, TOTP_SECRET, Provider
from tests.doubles.relying_party import RelyingParty, claims_of
from tests.doubles.statements import statements

LOA3 = "urn:tongban:loa:3"


def at_password(party: RelyingParty, browser: Browser, **changes: str):
    return browser.follow(browser.get(party.authorize_url(**changes)))


def test_the_page_says_who_asks_in_the_readers_language(party: RelyingParty, browser: Browser) -> None:
    zh = at_password(party, browser)
    assert "市场监管网站" in zh.text
    assert "市场监督管理局" in zh.text
    en = browser.get(form_of(zh).action.rsplit("/", 1)[0], **{"Accept-Language": "en"})
    assert "Market website" in en.text
    assert 'lang="en"' in en.text


def test_the_user_name_is_found_however_it_is_written(party: RelyingParty, provider: Provider) -> None:
    for name in ("wang", " Wang ", "WANG", "ｗａｎｇ"):
        assert "code" in Browser(provider).walk(party.authorize_url(), username=name)


def test_unknown_name_wrong_password_and_disabled_account_read_the_same(
    party: RelyingParty, provider: Provider
) -> None:
    provider.administration.people.disable("li")
    texts = set()
    for username, password in (
        ("wang", "wrong"),
        ("unknown", "wrong"),
        ("li", PASSWORD),
        ("", ""),
        ("wang", "x" * 2000),
    ):
        browser = Browser(provider, address=f"203.0.113.{len(texts) + 1}")
        page = browser.submit(at_password(party, browser), username=username, password=password)
        assert page.status_code == 422
        text = re.sub(r'value="[^"]*"|/interaction/[^"/]*', "", page.text)
        texts.add(text)
    assert len(texts) == 1
    assert "用户名或密码不正确" in texts.pop()


def test_the_password_is_never_shown_again(party: RelyingParty, browser: Browser) -> None:
    page = browser.submit(at_password(party, browser), username="wang", password="my secret guess")
    assert 'value="wang"' in page.text
    assert "my secret guess" not in page.text


def test_failures_make_the_next_try_wait_and_success_ends_that(party: RelyingParty, browser: Browser) -> None:
    page = at_password(party, browser)
    for _ in range(4):
        page = browser.submit(page, username="wang", password="wrong")
        assert page.status_code == 422
    page = browser.submit(page, username="wang", password=PASSWORD)  # even the right one is not looked at now
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "3"
    browser.provider.clock.advance(3)
    assert browser.submit(page, username="wang", password=PASSWORD).status_code == 200  # consent
    other = Browser(browser.provider)
    page = at_password(party, other)
    for _ in range(3):
        page = other.submit(page, username="wang", password="wrong")
        assert page.status_code == 422


def test_the_wait_of_a_name_nobody_has_is_the_same(party: RelyingParty, provider: Provider) -> None:
    statuses = []
    for username in ("wang", "unknown"):
        browser = Browser(provider, address=f"203.0.113.{len(statuses) + 1}")
        page = at_password(party, browser)
        codes = []
        for _ in range(6):
            page = browser.submit(page, username=username, password="wrong")
            codes.append((page.status_code, page.headers.get("Retry-After")))
        statuses.append(codes)
    assert statuses[0] == statuses[1]


def test_the_wait_holds_on_every_node(party: RelyingParty, provider: Provider) -> None:
    here, there = Browser(provider), Browser(provider, app=provider.another_node())
    for browser in (here, there, here, there):
        browser.submit(at_password(party, browser), username="wang", password="wrong")
    assert there.submit(at_password(party, there), username="wang", password=PASSWORD).status_code == 429


def test_one_address_cannot_try_many_names(party: RelyingParty, provider: Provider) -> None:
    browser = Browser(provider)
    page = at_password(party, browser)
    codes = [browser.submit(page, username=f"name{number}", password="wrong").status_code for number in range(33)]
    assert codes[:31] == [422] * 31
    assert 429 in codes[31:]
    other = Browser(provider, address="203.0.113.99")
    assert other.submit(at_password(party, other), username="wang", password=PASSWORD).status_code == 200


def test_failures_are_recorded_within_bounds(party: RelyingParty, browser: Browser) -> None:
    page = at_password(party, browser)
    for _ in range(12):
        browser.provider.clock.advance(1000)
        page = browser.submit(at_password(party, browser), username="wang", password="wrong")
    recorded = [event["facts"]["failures"] for event in browser.provider.events("SignInFailed")]
    assert recorded == [3, 10]
    assert page.status_code == 422


def test_the_public_log_tells_nothing_of_which_names_exist(either_provider: Provider) -> None:
    """No enumeration by the log's size or by timing: every failure does the same, whoever has the name or nobody."""
    provider = either_provider
    provider.administration.people.disable("li")
    party = RelyingParty(provider)
    grown, entries, done = [], [], []
    for number, name in enumerate(("warm", "wang", "none", "li  ")):
        browser = Browser(provider, address=f"203.0.113.{number}")
        start, sizes, work = provider.ledger.size(), [], []
        for _ in range(20):
            provider.clock.advance(1000)
            page = at_password(party, browser)
            with statements() as seen:
                assert browser.submit(page, username=name, password="wrong").status_code == 422
            sizes.append(provider.ledger.size() - start)
            work.append([statement for statement, _ in seen])
        grown.append(sizes)
        done.append(work)
        entries.append([_alike(event) for event in provider.events("SignInFailed")[-3:]])
    assert grown[0] == [0, 0, *[1] * 7, *[2] * 10, 3]
    assert all(each == grown[0] for each in grown)
    assert all(each == entries[0] for each in entries)
    assert all(each == done[1] for each in done[2:])  # the first one warms up
    wang = provider.person("wang").id  # who may read entries finds whom they are about
    assert [event["facts"]["person"] for event in provider.events("SignInFailed")][3:6] == [wang] * 3


def _alike(event: dict[str, Any]) -> dict[str, Any]:
    """What an entry says besides when it was written, its own number, and whom it is about."""
    facts = {name: told for name, told in event["facts"].items() if name != "person"}
    return {**{name: value for name, value in event.items() if name not in ("at", "request")}, "facts": facts}


def test_a_higher_level_takes_a_one_time_code(party: RelyingParty, browser: Browser) -> None:
    tokens = party.tokens(browser, acr_values=LOA3)
    claims = claims_of(tokens["id_token"])
    assert claims["acr"] == LOA3
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    later = claims_of(party.tokens(browser)["id_token"])
    assert later["acr"] == LOA3  # one session, already that strong
    assert later["sid"] == claims["sid"]


def test_step_up_asks_for_the_code_alone(party: RelyingParty, browser: Browser) -> None:
    browser.walk(party.authorize_url())
    page = browser.follow(browser.get(party.authorize_url(acr_values=LOA3)))
    assert "otp" in form_of(page).names


def test_a_one_time_code_works_once(party: RelyingParty, provider: Provider) -> None:
    first, second = Browser(provider), Browser(provider)
    code = first.code()
    first.walk(party.authorize_url(acr_values=LOA3), otp=code)
    page = second.submit(at_password(party, second, acr_values=LOA3), username="wang", password=PASSWORD)
    again = second.submit(page, otp=code)
    assert again.status_code == 422
    assert "已经用过" in again.text


def test_codes_are_throttled_too(party: RelyingParty, browser: Browser) -> None:
    page = browser.submit(at_password(party, browser, acr_values=LOA3), username="wang", password=PASSWORD)
    for _ in range(4):
        page = browser.submit(page, otp="000000")
        assert page.status_code == 422
    assert browser.submit(page, otp="000000").status_code == 429


def test_codes_a_stranger_guesses_do_not_shut_out_the_owners_device(party: RelyingParty, provider: Provider) -> None:
    """SP 800-63B-4 §3.2.2. Two factors make a device the owner's: with the password alone a new cookie buys nothing."""
    owner = Browser(provider)
    assert "code" in owner.walk(party.authorize_url(acr_values=LOA3))
    first, again = (Browser(provider, address=f"198.51.100.{number}") for number in range(2))
    page = first.submit(at_password(party, first, acr_values=LOA3), username="wang", password=PASSWORD)
    for _ in range(30):  # until codes have to wait for longer than a minute
        page = first.submit(page, otp="000000")
        if (wait := int(page.headers.get("Retry-After", "0"))) > 60:
            break
        provider.clock.advance(wait)
    assert page.status_code == 429
    page = again.submit(at_password(party, again, acr_values=LOA3), username="wang", password=PASSWORD)
    assert again.submit(page, otp="000000").status_code == 429
    assert "code" in owner.walk(party.authorize_url(acr_values=LOA3, prompt="login"))
    assert again.submit(page, otp="000000").status_code == 429  # the owner's success does not end the stranger's wait


@pytest.mark.parametrize("username", ["li", "nobody"])
def test_a_level_an_account_cannot_reach_is_never_passed_off(
    party: RelyingParty, browser: Browser, username: str
) -> None:
    back = browser.walk(party.authorize_url(acr_values=LOA3), username=username)
    assert back["error"] == "unmet_authentication_requirements"


def test_several_levels_are_honoured_in_order(party: RelyingParty, provider: Provider) -> None:
    asked = f"urn:tongban:loa:4 {LOA3} urn:tongban:loa:2"
    wang = claims_of(party.tokens(Browser(provider), acr_values=asked)["id_token"])
    assert wang["acr"] == LOA3
    back = Browser(provider).walk(party.authorize_url(acr_values=asked), username="li")
    li = claims_of(party.redeem(back["code"]).json["id_token"])
    assert li["acr"] == "urn:tongban:loa:2"


def test_a_password_proves_no_more_than_the_account_was_proofed_to(party: RelyingParty, provider: Provider) -> None:
    back = Browser(provider).walk(party.authorize_url(), username="nobody")
    assert claims_of(party.redeem(back["code"]).json["id_token"])["acr"] == "urn:tongban:loa:1"


def test_sign_ins_are_entries_about_their_person(party: RelyingParty, browser: Browser) -> None:
    party.tokens(browser, acr_values=LOA3)
    recorded = browser.provider.events("SignedIn")
    assert [event["facts"]["methods"] for event in recorded] == [["pwd"], ["pwd", "otp", "mfa"]]
    assert all("subject" in event for event in recorded)


@given(st.integers(min_value=0, max_value=100), st.integers(min_value=1, max_value=40))
def test_the_wait_never_shrinks_with_failures_and_has_an_end(failures: int, free: int) -> None:
    delay = growing(free)
    assert delay(failures) <= delay(failures + 1) <= LONGEST_WAIT
    assert (delay(failures) == timedelta(0)) == (failures <= free)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.1", "::ffff:203.0.113.1", False),
        ("203.0.113.1", "203.0.113.2", False),
        ("unix", "unix", True),
    ],
)
def test_what_counts_as_one_address(left: str, right: str, same: bool) -> None:
    assert (network(left) == network(right)) is same


def test_codes_are_accepted_one_step_either_way() -> None:
    generator = pyotp.TOTP(TOTP_SECRET)
    current = int(START.timestamp()) // 30
    for offset in range(-3, 4):
        code = generator.at(START + timedelta(seconds=30 * offset))
        expected = current + offset if abs(offset) <= 1 else None
        assert totp.matching_counter(TOTP_SECRET, code, START) == expected


@given(st.text(max_size=12))
def test_what_is_not_six_digits_is_no_code(text: str) -> None:
    digits = text.replace(" ", "")
    if not re.fullmatch("[0-9]{6}", digits):
        assert totp.matching_counter(TOTP_SECRET, text, START) is None


@given(st.text(max_size=150))
def test_canonical_names_are_their_own_canonical_form(name: str) -> None:
    once = canonical_username(name)
    assert canonical_username(once)[:100] == once[:100]


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_unusable_passwords_are_refused_without_being_repeated(password: str) -> None:
    passwords = Passwords()
    with pytest.raises(PasswordUnusable) as refusal:
        passwords.hash(password)
    assert not password or password not in str(refusal.value)
    passwords.close()


def test_passwords_are_argon2id_at_the_strength_of_rfc_9106() -> None:
    passwords = Passwords()
    encoded = passwords.hash(PASSWORD)
    assert encoded.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.verify(PASSWORD, encoded)
    assert not passwords.verify(PASSWORD + "x", encoded)
    assert not passwords.verify(PASSWORD, None)
    assert not passwords.verify(PASSWORD, "not a hash")
    passwords.close()


def test_more_sign_ins_than_the_pool_takes_are_turned_away_at_once() -> None:
    import threading

    passwords, gate = Passwords(), threading.Event()
    waiting = [threading.Thread(target=lambda: passwords._run(gate.wait)) for _ in range(MOST_WAITING + 2)]
    for thread in waiting:
        thread.start()
    while passwords._room._value:
        pass
    with pytest.raises(HashingBusy):
        passwords.verify(PASSWORD, None)
    gate.set()
    for thread in waiting:
        thread.join()
    passwords.close()
