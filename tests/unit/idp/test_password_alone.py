"""A password is as long as it must be where it is the only factor, also when the others go afterwards (ADR 0100)."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import update

from idp.store import contacts
from idp.store.tables import credential
from tests.doubles.account import Account
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.overtaking import while_hashing

SECURITY = "/account/security"
SHORT = "granite tram"
LONG = "violet tram over granite"


def set_password(account: Account, new: str) -> int:
    page = account.open(f"{SECURITY}/password")
    answer = account.browser.submit(page, password=account.password, new=new, again=new)
    if answer.status_code == 200:
        account.password = new
    return int(answer.status_code)


def press(account: Account, path: str, **sent: str) -> Any:
    return account.browser.submit(account.browser.get(f"{SECURITY}/{path}"), **sent)


def factors(provider: Provider) -> set[str]:
    return {factor.value for factor in provider.person("wang").authenticators}


def channel(provider: Provider) -> str:
    with provider.database.read() as connection:
        return contacts.of_person(connection, provider.person("wang").id)[0].id


def test_the_last_factor_beside_a_short_password_stays_until_it_is_longer(either_provider: Provider) -> None:
    provider, phone = either_provider, f"channels/{channel(either_provider)}"
    wang = Account(provider, "wang")
    assert set_password(wang, SHORT) == 200
    codes = re.findall(r'tongban-secret">([0-9A-Z-]{19})<', press(wang, "recovery-codes").text)
    refused = press(wang, "app/remove")
    assert refused.status_code == 422  # codes on paper run out by being used
    assert "至少 15 个字符" in refused.text
    assert wang.browser.post(f"{SECURITY}/{phone}/codes", {**token(wang, phone), "codes": "on"}).status_code == 303
    assert press(wang, "app/remove").status_code == 200
    show_sent_code(wang, phone)  # what was shown is gone: the strongest that is left is asked for
    assert wang.browser.post(f"{SECURITY}/{phone}/codes", token(wang, phone)).status_code == 422
    assert press(wang, f"{phone}/remove").status_code == 422
    assert factors(provider) == {"pwd", "recovery", "sms"}
    assert set_password(wang, LONG) == 200
    assert press(wang, f"{phone}/remove").status_code == 200
    left = wang.browser.follow(wang.browser.get(f"{SECURITY}/password"))
    assert wang.browser.submit(left, otp=codes[0]).status_code == 200
    assert set_password(wang, SHORT) == 422  # beside recovery codes alone


def show_sent_code(account: Account, path: str) -> None:
    sent = account.browser.submit(account.browser.follow(account.browser.get(f"{SECURITY}/{path}")))
    account.provider.deliver()
    code = re.findall(r"code is (\d{6})", "\n".join(account.provider.mailbox.words()))[-1]
    assert account.browser.submit(sent, otp=code).status_code == 200


def token(account: Account, path: str) -> dict[str, str]:
    return {"csrf_token": form_of(account.browser.get(f"{SECURITY}/{path}")).fields["csrf_token"]}


def test_a_password_of_before_is_known_once_it_is_shown(either_provider: Provider) -> None:
    """Nobody waits for it to sign in; only the last other factor stays until then."""
    provider = either_provider
    wang = Account(provider, "wang")
    wang.open(f"{SECURITY}/password")
    provider.database.write(lambda connection: connection.execute(update(credential).values(stands_alone=None)))
    refused = press(wang, "app/remove")
    assert refused.status_code == 422
    assert "用密码登录一次，或更改密码" in refused.text
    assert "至少 15 个字符" not in refused.text  # which it may well have
    provider.clock.advance(60)
    assert Account(provider, "wang").open("/account").status_code == 200
    assert press(wang, "app/remove").status_code == 200
    assert factors(provider) == {"pwd"}


def test_a_password_hashed_while_the_other_factor_goes_is_not_kept(provider: Provider) -> None:
    here = Account(provider, "wang")
    page = here.open(f"{SECURITY}/password")

    def removed() -> None:  # in another tab
        assert press(here, "app/remove").status_code == 200

    with while_hashing(SHORT, removed):
        assert here.browser.submit(page, password=PASSWORD, new=SHORT, again=SHORT).status_code == 422
    assert not provider.events("PasswordChanged")
    assert Account(provider, "wang").open("/account").status_code == 200


def test_nor_by_a_recovery(provider: Provider) -> None:
    asking = Browser(provider)
    asking.submit(asking.get("/recover"), username="wang")
    provider.deliver()
    provider.clock.advance(48 * 3600)
    provider.deliver()
    [path] = set(re.findall(r"(/recover/link/[\w-]+)", "\n".join(provider.mailbox.words())))
    person, browser = provider.person("wang").id, Browser(provider)

    def removed() -> None:
        without = update(credential).where(credential.c.person == person).values(totp_sealed=None)
        provider.database.write(lambda connection: connection.execute(without))

    with while_hashing(SHORT, removed):
        refused = browser.submit(browser.get(path), new=SHORT, again=SHORT)
    assert refused.status_code == 409
    assert "至少 15 个字符" in refused.text
    assert not provider.events("AccountRecovered")
    assert browser.submit(refused, new=LONG, again=LONG).status_code == 200
