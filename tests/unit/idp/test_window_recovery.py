"""A recovery that two clerks allowed gives an account back whole: what was lost or stolen is removed (ADR 0099)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from idp.authentication.passkeys import Passkeys
from idp.model.passkey import Passkey
from idp.model.person import NewPerson, PersonKind
from idp.proofing.recovery import Recoveries
from idp.store import contacts
from tests.doubles.account import Account
from tests.doubles.administrators import appoint, person_id, press, signed_in
from tests.doubles.authenticator import Authenticator
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import MARKET, NAMED, PASSWORD, TOTP_SECRET, WANG, Provider
from tests.doubles.provider_fixtures import Opened

NEW = "violet tram over granite"
NEW_PASSKEY = "/account/security/passkeys/new"
APP = "/account/security/app"
DELAY = 48 * 3600
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture(params=["sqlite", "postgresql"])
def staffed(request: pytest.FixtureRequest, opened: Opened) -> Iterator[Provider]:
    """A provider by name, where passkeys work, with two clerks."""
    with opened(request.param, issuer=NAMED) as running:
        appoint(running, "clerk", "audit")
        running.administration.people.add(
            NewPerson(
                "clerk2", "职员", PASSWORD, kind=PersonKind.STAFF, assurance=3, totp_secret=TOTP_SECRET,
                organisation=MARKET, roles=("window-clerk",),
            )
        )  # fmt: skip
        running.clock.advance(1)
        yield running


def allowed(provider: Provider, username: str = "wang") -> str:
    """Where the link leads that the second clerk is shown."""
    at = f"/admin/window/{person_id(provider, username)}/recovery"
    proposal = press(signed_in(provider, "clerk", "/admin/window")[0], at, reference="R-1").request.path
    second, _ = signed_in(provider, "clerk2", "/admin/proposals")
    read = {"number": WANG.value} if username == "wang" else {}  # the others have no number on record
    shown = press(second, proposal, decision="confirm", **read).text
    [path] = re.findall(r"(/recover/link/[\w-]+)", shown)
    return str(path)


def finish(provider: Provider, path: str, new: str = NEW) -> Any:
    browser = Browser(provider)
    return browser.submit(browser.get(path), new=new, again=new)


def show(browser: Browser, page: Any, device: Authenticator) -> Any:
    """Answer the page's passkey dialogue."""
    form = browser.passkey_form(page)
    asked = browser.post(form.options, {"csrf_token": form.fields["csrf_token"]}).json
    return browser.post(form.action, {**form.fields, "credential": device.get(asked)})


def use_every_factor(provider: Provider) -> None:
    """Besides the app two passkeys, recovery codes and codes to the telephone."""
    wang = Account(provider, "wang")
    for path, sent in (("recovery-codes", {}), (f"channels/{channel(provider)}/codes", {"codes": "on"})):
        page = wang.open(f"/account/security/{path}")
        assert wang.browser.post(f"/account/security/{path}", {**form_of(page).fields, **sent}).status_code in (
            200,
            303,
        )
    for device in (Authenticator(NAMED, bound=False), Authenticator(NAMED)):
        wang.add_passkey(device)


def channel(provider: Provider) -> str:
    with provider.database.read() as connection:
        return contacts.of_person(connection, person_id(provider, "wang"))[0].id


def told(provider: Provider) -> list[str]:
    provider.deliver()
    return provider.mailbox.words()


def removals(provider: Provider) -> Counter[str]:
    return Counter(str(entry["facts"]["authenticator"]) for entry in provider.events("AuthenticatorRemoved"))


def test_every_factor_is_removed_each_with_its_entry_and_its_notice(staffed: Provider) -> None:
    use_every_factor(staffed)
    elsewhere = Account(staffed, "wang")
    elsewhere.open("/account")
    path = allowed(staffed)
    assert not removals(staffed)  # finishing removes, and not the clerks' word
    assert "至少 15 个字符" in Browser(staffed).get(path).text  # it will be the only factor
    before = len(told(staffed))
    assert finish(staffed, path).status_code == 200
    assert removals(staffed) == Counter({"passkey": 2, "otp": 1, "recovery": 1, "sms": 1})
    [recovered] = staffed.events("AccountRecovered")
    for entry in staffed.events("AuthenticatorRemoved"):
        assert entry["facts"]["recovery"] == recovered["facts"]["recovery"]
        assert entry["facts"]["command"] == "recovery"
        assert entry["facts"]["actor"] == person_id(staffed, "wang")
    assert sum("was removed from your account" in words for words in told(staffed)[before:]) == 5
    after = staffed.person("wang")
    assert {factor.value for factor in after.authenticators} == {"pwd"}
    assert after.assurance == 2
    assert elsewhere.browser.get("/account").status_code == 303


def test_who_lost_the_only_passkey_signs_in_and_sets_up_another(staffed: Provider) -> None:
    """ADR 0018: that is what recovery is for."""
    staffed.administration.people.add(NewPerson("chen", "陈晨", PASSWORD))
    Account(staffed, "chen").add_passkey(Authenticator(NAMED))
    assert finish(staffed, allowed(staffed, "chen")).status_code == 200
    device = Account(staffed, "chen", password=NEW).add_passkey(Authenticator(NAMED))
    browser = Browser(staffed)
    show(browser, browser.follow(browser.get("/account")), device)
    assert browser.get(NEW_PASSKEY).status_code == 200  # as strong as the account can be


def test_who_lost_the_app_sets_up_another(staffed: Provider) -> None:
    assert finish(staffed, allowed(staffed)).status_code == 200
    assert Account(staffed, "wang", password=NEW).open(APP).request.path.endswith("/app")


def test_a_thiefs_passkey_stops_no_recovery_at_a_window_and_signs_in_no_more(staffed: Provider) -> None:
    thief = Account(staffed, "wang").add_passkey(Authenticator(NAMED))
    path, browser = allowed(staffed), Browser(staffed)
    assert show(browser, browser.follow(browser.get("/account")), thief).status_code == 303
    assert browser.get("/account").status_code == 200
    assert finish(staffed, path).status_code == 200
    assert browser.get("/account").status_code == 303  # the thief's session ended
    staffed.clock.advance(60)
    asking = Browser(staffed)
    asking.submit(asking.get("/recover"), username="wang")
    told(staffed)
    again = Browser(staffed)
    assert show(again, again.follow(again.get("/account")), thief).status_code == 422
    assert not any("was stopped" in words for words in told(staffed))
    staffed.clock.advance(DELAY)
    assert any("/recover/link/" in words for words in told(staffed))


def test_a_passkey_shown_while_it_is_removed_begins_no_session(staffed: Provider) -> None:
    thief, shown = Account(staffed, "wang").add_passkey(Authenticator(NAMED)), Passkeys.shown
    path, browser = allowed(staffed), Browser(staffed)
    page = browser.follow(browser.get("/account"))

    def recovered_meanwhile(passkeys: Passkeys, text: str, cookie: str, person: str | None) -> Passkey:
        passkey = shown(passkeys, text, cookie, person)
        assert finish(staffed, path).status_code == 200
        return passkey

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Passkeys, "shown", recovered_meanwhile)
        assert show(browser, page, thief).status_code == 422
    assert browser.cookie("idp-sso") is None


def test_it_takes_the_place_of_one_asked_for_with_an_entry_for_that(staffed: Provider) -> None:
    asking = Browser(staffed)
    asking.submit(asking.get("/recover"), username="wang")
    told(staffed)
    [begun] = staffed.events("RecoveryTakenUp")
    allowed(staffed)
    *_, permitted, stopped = staffed.events()
    assert (permitted["event"], stopped["event"]) == ("RecoveryAllowed", "RecoveryStopped")
    assert stopped["facts"]["recovery"] == begun["facts"]["recovery"] != permitted["facts"]["recovery"]
    assert stopped["facts"]["actor"] == person_id(staffed, "clerk2")
    staffed.clock.advance(DELAY)
    assert not any("Set a new password" in words for words in told(staffed))


def test_an_app_that_somebody_was_setting_up_is_forgotten(staffed: Provider) -> None:
    """Who began it has its secret: nobody is shown it to confirm."""
    staffed.administration.people.add(NewPerson("chen", "陈晨", PASSWORD))
    secret = r"(?:[A-Z2-7]{4} ?){8}"
    [begun] = re.findall(secret, Account(staffed, "chen").open(APP).text)
    assert finish(staffed, allowed(staffed, "chen")).status_code == 200
    [anew] = re.findall(secret, Account(staffed, "chen", password=NEW).open(APP).text)
    assert anew != begun


def test_the_new_password_stands_alone_and_is_as_long_as_that_takes(staffed: Provider) -> None:
    path = allowed(staffed)
    assert finish(staffed, path, "violet tram").status_code == 422  # enough beside the app, which goes
    assert "otp" in {factor.value for factor in staffed.person("wang").authenticators}
    assert finish(staffed, path).status_code == 200


def test_a_factor_that_comes_at_the_same_moment_is_shown_and_then_removed(
    staffed: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is removed without its entry, and nothing stays for lack of one."""
    thief, removes = Account(staffed, "wang"), Recoveries.removes
    path, browser = allowed(staffed), Browser(staffed)
    page = browser.get(path)
    calls = iter([True])

    def one_comes(recoveries: Recoveries, found: Any) -> Any:
        standing = removes(recoveries, found)
        if next(calls, False):
            thief.add_passkey(Authenticator(NAMED))
        return standing

    monkeypatch.setattr(Recoveries, "removes", one_comes)
    refused = browser.submit(page, new=NEW, again=NEW)
    assert refused.status_code == 409
    assert not staffed.events("AccountRecovered")
    assert "<li>通行密钥</li>" in refused.text
    assert finish(staffed, path).status_code == 200
    assert removals(staffed) == Counter({"otp": 1, "passkey": 1})


def test_recovery_by_a_message_leaves_every_factor_and_says_so(staffed: Provider) -> None:
    """Whoever holds the mailbox would have the account otherwise."""
    use_every_factor(staffed)
    before, browser = staffed.person("wang").authenticators, Browser(staffed)
    page = browser.get("/recover")
    assert "如已丢失，请带证件到窗口找回账户" in page.text
    assert "If they are lost, bring your document to a window" in browser.get("/recover", **ENGLISH).text
    assert "如已丢失，请改到窗口找回" in browser.submit(page, username="wang").text
    told(staffed)
    staffed.clock.advance(DELAY)
    [path] = set(re.findall(r"(/recover/link/[\w-]+)", "\n".join(told(staffed))))
    assert "保持不变" in browser.get(path).text
    assert "stay as they are" in browser.get(path, **ENGLISH).text
    assert "如已丢失，请带证件到窗口找回" in finish(staffed, path).text
    assert staffed.person("wang").authenticators == before
    assert not removals(staffed)


def test_clerks_and_the_person_are_told_beforehand_what_is_removed(staffed: Provider) -> None:
    use_every_factor(staffed)
    at = f"/admin/window/{person_id(staffed, 'wang')}/recovery"
    clerk, second = signed_in(staffed, "clerk", "/admin/window")[0], signed_in(staffed, "clerk2", "/admin/proposals")[0]
    proposal = press(clerk, at, reference="R-1").request.path
    for browser, page in ((clerk, at), (second, proposal)):
        for language, words in (("zh", "将全部移除"), ("en", "are all removed")):
            assert words in browser.get(page, **{"Accept-Language": language}).text
    [path] = re.findall(r"(/recover/link/[\w-]+)", press(second, proposal, decision="confirm", number=WANG.value).text)
    told_to = Browser(staffed)
    for language, words in (("zh", ("通行密钥 × 2", "身份验证器", "备用码", "短信验证码")), ("en", ("a passkey × 2",))):
        page = told_to.get(path, **{"Accept-Language": language}).text
        assert all(each in page for each in words)
