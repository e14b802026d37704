"""People make accounts of their own: level 1, a confirmed address, and nobody learns who has one."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from idp.store import proofings, sweeping
from tests.doubles.account import Account
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.relying_party import RelyingParty

GOOD = "violet tram over granite"
FORM = {"username": "Chen", "name": "陈晨", "contact": "chen@example.org", "password": GOOD, "again": GOOD}


def code_of(provider: Provider) -> str:
    provider.deliver()
    found = re.search(r"code is (\d{6})", provider.mailbox.words()[-1])
    assert found
    return found[1]


def begin(provider: Provider, browser: Browser | None = None, **changes: str) -> tuple[Browser, Any]:
    browser = browser or Browser(provider)
    return browser, browser.submit(browser.get("/sign-up"), **{**FORM, **changes})


def test_an_account_of_ones_own_is_of_level_1(either_provider: Provider) -> None:
    provider = either_provider
    browser, page = begin(provider)
    assert "c***@example.org" in page.text
    assert page.request.path.count("/") == 2
    done = browser.submit(page, otp=code_of(provider))
    assert done.status_code == 200, done.text
    made = provider.person("chen")
    assert (made.assurance, made.disabled, made.roles) == (1, False, ())
    with provider.database.read() as connection:
        [proof] = proofings.of_person(connection, made.id)
    assert (proof.level, proof.method.value) == (1, "self-declared")
    [entry] = provider.events("PersonRegistered")
    assert entry["facts"]["person"] == made.id
    told = repr(provider.events())
    assert not any(word in told for word in ("陈晨", "chen@", "Chen"))
    assert Account(provider, "chen", password=GOOD).open("/account").status_code == 200
    assert browser.get(page.request.path).status_code == 404  # good once


def test_before_the_code_nobody_can_sign_in(provider: Provider) -> None:
    begin(provider)
    browser = Browser(provider)
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url()))
    assert browser.submit(page, username="chen", password=GOOD).status_code == 422
    with provider.database.read() as connection:
        assert list(connection.exec_driver_sql("SELECT 1 FROM person WHERE username = 'chen'")) == []


def test_a_taken_name_looks_like_a_free_one_until_the_address_is_confirmed(provider: Provider) -> None:
    """No enumeration: the same status, the same page, the same message."""
    _, free = begin(provider)
    browser, taken = begin(provider, username="wang", contact="other@example.org")
    assert free.status_code == taken.status_code == 200
    plain = [re.sub(r'/sign-up/[^"/]+|value="[^"]*"|[co]\*\*\*@|nonce-[^"]*', "", each.text) for each in (free, taken)]
    assert plain[0] == plain[1]
    again = browser.submit(taken, otp=code_of(provider))
    assert again.status_code == 422
    assert "This user name is taken" in again.text or "这个用户名已被使用" in again.text
    assert {"username", "password"} <= form_of(again).names
    assert browser.submit(again, username="li", password=GOOD, again=GOOD).status_code == 422
    done = browser.submit(again, username="wang2", password=GOOD, again=GOOD)
    assert done.status_code == 200, done.text
    assert provider.person("wang2").assurance == 1
    assert provider.person("wang").assurance == 3


@pytest.mark.parametrize(
    "change",
    [
        {"username": ""}, {"username": "x"}, {"username": "~per_1"}, {"username": "x" * 101},
        {"username": "a\u200bb\u2028"},
        {"name": " "}, {"name": "x" * 101}, {"contact": "nobody"}, {"contact": ""}, {"again": "other"},
        {"password": "short", "again": "short"}, {"password": "Chen陈晨 chen Chen", "again": "Chen陈晨 chen Chen"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_and_no_message_goes_out(provider: Provider, change: dict[str, str]) -> None:
    _, page = begin(provider, **change)
    assert page.status_code == 422, page.text
    provider.deliver()
    assert provider.mailbox.messages == []


def test_guessing_the_code_ends_after_five_tries(provider: Provider) -> None:
    browser, page = begin(provider)
    right = code_of(provider)
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for _ in range(5):
        assert browser.submit(page, otp=wrong).status_code == 422
    assert browser.submit(page, otp=right).status_code == 422
    browser.post(f"{page.request.path}/again", form_of(page).fields)
    assert browser.submit(page, otp=code_of(provider)).status_code == 200


def test_nobody_is_flooded_and_no_address_floods(provider: Provider) -> None:
    statuses = [begin(provider, username=f"chen{number}")[1].status_code for number in range(6)]
    assert statuses[:3] == [200] * 3
    assert statuses[-1] == 429
    statuses = [begin(provider, contact=f"a{number}@example.org")[1].status_code for number in range(30)]
    assert statuses[-1] == 429


@pytest.mark.parametrize("secret", ["x", "x" * 5000, "..", "' OR 1=1"])
def test_guessed_addresses_lead_nowhere(provider: Provider, secret: str) -> None:
    assert Browser(provider).get(f"/sign-up/{secret}").status_code in (400, 404)


def test_what_nobody_finished_is_forgotten_whole(either_provider: Provider) -> None:
    provider = either_provider
    browser, page = begin(provider)
    provider.deliver()
    later = provider.clock.now() + timedelta(hours=2)
    sweeping.sweep(provider.database.write, later)
    assert browser.get(page.request.path).status_code == 404
    with provider.database.read() as connection:
        for table in ("person", "credential", "contact_channel", "notice", "sent_code"):
            column = "id" if table == "person" else "person"
            query = f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT person FROM proofing)"
            assert connection.exec_driver_sql(query).scalar_one() == 0, table


def asked_about(provider: Provider, name: str, contact: str, address: str) -> str:
    """What somebody with this mailbox learns of a user name: "free", "taken", or "wait"."""
    browser, page = begin(provider, Browser(provider, address=address), username=name, contact=contact)
    if page.status_code == 200:
        page = browser.submit(page, otp=code_of(provider))
    return {200: "free", 422: "taken", 429: "wait"}[page.status_code]


@pytest.mark.parametrize("step", [0, 3])
def test_a_mailbox_asks_about_a_handful_of_names(provider: Provider, step: int) -> None:
    """Names that turn out to be taken are counted, also where time or an account made lies in between."""
    told = []
    for number in range(40):
        name = f"chen{number}" if step and number % step == 0 else "wang"
        told.append(asked_about(provider, name, "me@example.org", f"203.0.113.{number}"))
    assert told[:4].count("wait") == 0
    assert told[4:] == ["wait"] * 36
    provider.clock.advance(3600)
    assert [asked_about(provider, "wang", "me@example.org", "198.51.100.1") for _ in range(2)] == ["taken", "wait"]


def test_another_name_and_a_first_one_are_one_count(provider: Provider) -> None:
    browser, page = begin(provider, username="wang")
    page = browser.submit(page, otp=code_of(provider))
    statuses = [browser.submit(page, username="li", password=GOOD, again=GOOD).status_code for _ in range(4)]
    assert statuses == [422, 422, 422, 429]


def test_an_address_asks_about_so_many_names_by_whatever_mailboxes(provider: Provider) -> None:
    told = [asked_about(provider, "wang", f"a{number}@example.org", "203.0.113.9") for number in range(40)]
    assert "wait" in told[:17]
    assert "taken" not in told[17:]


def test_accounts_made_behind_one_address_hold_up_nobody_there(provider: Provider) -> None:
    told = [asked_about(provider, f"chen{number}", f"a{number}@example.org", "203.0.113.9") for number in range(40)]
    assert told == ["free"] * 40


def test_two_who_want_one_name_do_not_both_get_it(either_provider: Provider) -> None:
    provider = either_provider
    waiting = []
    for number in range(4):
        browser, page = begin(provider, contact=f"a{number}@example.org")
        waiting.append((browser, page, code_of(provider)))
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda each: each[0].submit(each[1], otp=each[2]).status_code, waiting))
    assert sorted(statuses) == [200, 422, 422, 422]


def test_accounts_that_administrators_make_have_a_proof_too(provider: Provider) -> None:
    with provider.database.read() as connection:
        [proof] = proofings.of_person(connection, provider.person("wang").id)
    assert (proof.level, proof.method.value) == (3, "operator")
    assert Account(provider, "wang", password=PASSWORD).open("/account").status_code == 200
