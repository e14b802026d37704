"""One-time links: no account before its owner made it, and a second factor from the first moment (M2)."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pyotp
import pytest
from werkzeug.test import TestResponse

from idp.administration import AdministrationError
from idp.model.person import NewPerson
from tests.doubles.administrators import appoint
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import MARKET, PASSWORD, Provider, credit_code

BODY = credit_code(901)


def key_on(page: TestResponse) -> str:
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert found, page.text
    return found[1].replace(" ", "")


def fill_in(provider: Provider, page: TestResponse, **changes: str) -> dict[str, str]:
    sent = {
        "username": "First", "name": "钱一", "password": PASSWORD, "organisation": BODY,
        "organisation_zh": "大数据局", "organisation_en": "Data bureau",
        "otp": pyotp.TOTP(key_on(page)).at(provider.clock.now()),
    }  # fmt: skip
    return sent | changes


def test_M2_the_first_administrator_makes_their_own_account(either_provider: Provider) -> None:
    secret = either_provider.administration.enrolments.first()
    browser = Browser(either_provider)
    page = browser.get(f"/enrol/{secret}")
    assert "系统管理员" in page.text
    done = browser.submit(page, **fill_in(either_provider, page))
    assert done.status_code == 200, done.text
    made = either_provider.administration.people.by_username("first")
    assert made is not None
    assert (made.roles, made.organisation, made.assurance) == (("system-administrator",), BODY, 3)
    assert browser.get(f"/enrol/{secret}").status_code == 404
    with pytest.raises(AdministrationError):
        either_provider.administration.enrolments.first()
    assert secret not in repr(either_provider.events())
    assert "钱一" not in repr(either_provider.events())
    [entry] = [each for each in either_provider.events("PersonAdded") if "enrolment" in each["facts"]]
    assert entry["facts"]["actor"] == made.id


def test_the_code_used_to_enrol_is_used_up(provider: Provider) -> None:
    secret, browser = provider.administration.enrolments.first(), Browser(provider)
    page = browser.get(f"/enrol/{secret}")
    sent = fill_in(provider, page)
    browser.submit(page, **sent)
    page = browser.submit(
        browser.follow(browser.get("/sign-in?for=admin&next=/admin")), username="first", password=PASSWORD
    )
    assert browser.submit(page, otp=sent["otp"]).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"otp": "000000"}, {"otp": ""}, {"password": "short"}, {"username": ""}, {"username": "wang"}, {"name": " "},
        {"organisation": ""}, {"organisation": BODY[:-1] + ("1" if BODY[-1] != "1" else "2")}, {"organisation_zh": ""},
        {"organisation_en": "x" * 101}, {"username": "x" * 101}, {"username": "a\x00b"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_and_the_link_stays(provider: Provider, change: dict[str, str]) -> None:
    secret, browser = provider.administration.enrolments.first(), Browser(provider)
    page = browser.get(f"/enrol/{secret}")
    again = browser.submit(page, **fill_in(provider, page, **change))
    assert 400 <= again.status_code < 500, again.text
    assert browser.get(f"/enrol/{secret}").status_code == 200
    assert provider.administration.people.by_username("first") is None


def test_names_are_held_to_one_rule_by_whichever_way_an_account_is_made(provider: Provider) -> None:
    """By a link, by the command or by signing up: nobody looks like somebody else, or turns the words around a name."""
    usernames = ("adm\u200bin", "~per_x", "a b\tc", "a", "\u202enimda", "x\u2028y", "ﷺ" * 20, "wang\ufe0f", "a\u3164b")
    names = ("王\u202e明", "王\n明", "王" * 101, "A" * 20_000, "王\u200b明", "\u2066王", "王\u115f明", "a\ufe0f")
    browser, people = Browser(provider), provider.administration.people
    page = browser.get(f"/enrol/{provider.administration.enrolments.first()}")
    by_link = fill_in(provider, page)
    alone = {"username": "first", "name": "钱一", "password": PASSWORD}
    for wrong in (*({"username": each} for each in usernames), *({"name": each} for each in names)):
        answer = browser.submit(page, **{**by_link, **wrong})
        assert answer.status_code == 422, wrong
        assert "可见字符" in answer.text
        with pytest.raises(AdministrationError, match="visible characters"):
            people.add(NewPerson(**{**alone, **wrong}))
        with pytest.raises(AdministrationError, match=r"line [23]: .* visible characters"):
            people.import_file(lines_of(alone | wrong))
        form = {**alone, "contact": "a@example.org", "again": PASSWORD, **wrong}
        assert browser.submit(browser.get("/sign-up"), **form).status_code == 422, wrong
    assert people.by_username("first") is None
    shaped = {**by_link, "name": "葛\U000e0100明"}  # the shape in which the first character is written
    assert browser.submit(page, **shaped).status_code == 200


def lines_of(row: dict[str, str]) -> StringIO:
    """A file of one account."""
    written = StringIO()
    writer = csv.DictWriter(written, list(row))
    writer.writeheader()
    writer.writerow(row)
    return StringIO(written.getvalue(), newline="")


def test_a_link_lapses_and_a_newer_one_replaces_it(provider: Provider) -> None:
    links, browser = provider.administration.enrolments, Browser(provider)
    older, newer = links.first(), links.first()
    assert browser.get(f"/enrol/{older}").status_code == 404
    assert browser.get(f"/enrol/{newer}").status_code == 200
    provider.clock.advance(15 * 60)
    assert browser.get(f"/enrol/{newer}").status_code == 404


def test_a_link_to_no_office_leads_nowhere(provider: Provider) -> None:
    """None is made any more; one that was made before gives no account either."""
    links = provider.administration.enrolments
    act = links.inviting((), MARKET)
    links.records.make(act.name, act.facts, act.change)
    assert Browser(provider).get(f"/enrol/{act.afterwards().secret}").status_code == 404


@pytest.mark.parametrize("secret", ["x", "x" * 5000, "..", "%00", "' OR 1=1"])
def test_guesses_find_nothing(provider: Provider, secret: str) -> None:
    assert Browser(provider).get(f"/enrol/{secret}").status_code in (400, 404)


def test_an_office_that_is_held_is_offered_to_nobody_else(provider: Provider) -> None:
    appoint(provider, "system")
    with pytest.raises(AdministrationError):
        provider.administration.enrolments.first()
    provider.administration.people.disable("system")
    browser = Browser(provider)
    page = browser.get(f"/enrol/{provider.administration.enrolments.first()}")  # the last one cannot act any more
    assert browser.submit(page, **fill_in(provider, page)).status_code == 200
    assert provider.person("first").roles == provider.person("system").roles == ("system-administrator",)
