"""A factor that was removed counts no longer, in no session, whoever showed it (ADR 0101)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import Connection, select, update

from idp.authentication import other_sessions
from idp.authentication.other_sessions import Others
from idp.authentication.passkeys import Passkeys
from idp.authentication.sign_in import SignIn
from idp.model.assurance import Authentication, Factor
from idp.model.logout import NoticeState
from idp.model.passkey import Passkey
from idp.model.secret import hashed
from idp.model.session import Family, Session
from idp.store import contacts, families, logout_notices, revocations, second_factors, sessions
from idp.store.tables import family, logout_notice
from kernel.entropy import SystemEntropy
from kernel.ids import new_id
from tests.doubles.account import Account
from tests.doubles.administrators import person_id
from tests.doubles.authenticator import Authenticator
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import NAMED, PASSWORD, Provider
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import RelyingParty, claims_of
from tests.doubles.statements import statements

SECURITY = "/account/security"
LEVEL_3 = "urn:tongban:loa:3"


@pytest.fixture(params=["sqlite", "postgresql"])
def named(request: pytest.FixtureRequest, opened: Opened) -> Iterator[Provider]:
    """A provider by name, where passkeys work."""
    with opened(request.param, issuer=NAMED) as running:
        yield running


def show(browser: Browser, page: Any, device: Authenticator) -> Any:
    """Answer the page's passkey dialogue."""
    form = browser.passkey_form(page)
    asked = browser.post(form.options, {"csrf_token": form.fields["csrf_token"]}).json
    return browser.follow(browser.post(form.action, {**form.fields, "credential": device.get(asked)}))


def with_passkey(provider: Provider, device: Authenticator) -> Browser:
    """A browser signed in by a passkey alone."""
    browser = Browser(provider)
    assert show(browser, browser.follow(browser.get(SECURITY)), device).status_code == 200
    return browser


def with_password(provider: Provider, password: str = PASSWORD) -> Browser:
    """A browser signed in by a password alone."""
    browser = Browser(provider)
    browser.submit(browser.follow(browser.get("/account")), username="wang", password=password)
    return browser


def signed_in(browser: Browser) -> bool:
    return bool(browser.get("/account").status_code == 200)


def removal(browser: Browser) -> str:
    """Where the first passkey is removed."""
    return str(re.findall(rf"{SECURITY}/passkeys/pky_\w+/remove", browser.get(SECURITY).text)[0])


def signed_out(provider: Provider) -> list[tuple[str, str]]:
    return [(str(each["facts"]["actor"]), str(each["facts"]["command"])) for each in provider.events("SignedOut")]


def test_a_removed_passkey_ends_the_sessions_in_which_one_of_its_kind_was_shown(named: Provider) -> None:
    """Whoever stole it is out, with every token; a sign-in of another kind goes on, and so does the owner's."""
    wang, party = Account(named, "wang"), RelyingParty(named)
    stolen, other = Authenticator(NAMED), Authenticator(NAMED, bound=False)
    wang.add_passkey(stolen)
    plain, thief = with_password(named), with_passkey(named, stolen)
    tokens = party.redeem(thief.walk(party.authorize_url())["code"]).json
    show(wang.browser, wang.browser.follow(wang.browser.get(f"{SECURITY}/passkeys/new")), stolen)
    named.clock.advance(1)
    wang.add_passkey(other, "Other")
    synced = with_passkey(named, other)
    page = wang.browser.get(removal(wang.browser))
    assert "其他设备上" in page.text
    assert wang.browser.submit(page).status_code == 200
    assert [signed_in(each) for each in (thief, plain, synced, wang.browser)] == [False, True, True, True]
    assert party.refresh(tokens["refresh_token"]).status_code == 400
    assert signed_out(named) == [(person_id(named, "wang"), "own-account")]
    assert len(named.events("AuthenticatorRemoved")) == 1


def test_a_session_that_shows_nothing_the_account_still_has_is_asked_to_sign_in_again(named: Provider) -> None:
    wang = Account(named, "wang")
    device = wang.add_passkey(Authenticator(NAMED))
    browser = with_passkey(named, device)
    party, silent = RelyingParty(named), RelyingParty(named).authorize_url(prompt="none")
    browser.walk(party.authorize_url())
    page = browser.submit(browser.get(removal(browser)))
    assert "password" in form_of(page).names
    assert browser.parameters_of(browser.get(silent))["error"] == "login_required"
    assert browser.submit(page, username="wang", password=PASSWORD).status_code == 200
    claims = claims_of(party.redeem(browser.walk(party.authorize_url())["code"]).json["id_token"])
    assert claims["amr"] == ["pwd"]


def test_a_passkey_removed_while_it_is_shown_second_raises_no_session(named: Provider) -> None:
    wang, original = Account(named, "wang"), Passkeys.shown
    device = wang.add_passkey(Authenticator(NAMED))
    show(wang.browser, wang.browser.follow(wang.browser.get(f"{SECURITY}/passkeys/new")), device)
    browser = with_password(named)
    page = browser.follow(browser.get(f"{SECURITY}/password"))

    def overtaken(*args: Any) -> Passkey:
        shown = original(*args)
        assert wang.browser.submit(wang.browser.get(removal(wang.browser))).status_code == 200
        return shown

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Passkeys, "shown", overtaken)
        assert show(browser, page, device).status_code == 422
    assert signed_in(browser)
    assert named.events("SignedIn")[-1]["facts"]["factor"] != "hwk"


# The other kinds ------------------------------------------------------------------------------------------------------


def sent_code(provider: Provider) -> str:
    provider.deliver()
    return [found for words in provider.mailbox.words() for found in re.findall(r"code is (\d{6})", words)][-1]


def with_second(provider: Provider, kind: str, code: Callable[[Browser], str]) -> Browser:
    """A browser signed in by the password and one more factor."""
    browser = with_password(provider)
    page = browser.follow(browser.get(RelyingParty(provider).authorize_url(acr_values=LEVEL_3)))
    page = browser.get(f"{page.request.path}?with={kind}")
    page = browser.submit(page) if kind == "phone" else page
    assert "decision" in form_of(browser.submit(page, otp=code(browser))).names
    return browser


def telephone(provider: Provider) -> str:
    with provider.database.read() as connection:
        return f"{SECURITY}/channels/{contacts.of_person(connection, person_id(provider, 'wang'))[0].id}"


def test_every_kind_of_removal_ends_the_sessions_that_showed_it(provider: Provider) -> None:
    """Recovery codes made anew, codes to a telephone switched off or removed with it, the app replaced or removed."""
    wang, plain = Account(provider, "wang"), with_password(provider)
    phone = telephone(provider)
    submit, open_page = wang.browser.submit, wang.open

    def codes() -> list[str]:
        return re.findall(r'tongban-secret">([0-9A-Z-]{19})<', submit(open_page(f"{SECURITY}/recovery-codes")).text)

    def use_phone(codes: str) -> None:
        form = form_of(open_page(phone))
        wang.browser.post(f"{phone}/codes", {"csrf_token": form.fields["csrf_token"], "codes": codes})

    def another_app() -> None:
        page = open_page(f"{SECURITY}/app")
        assert "原来的即被移除" in page.text
        secret = re.search(r'tongban-secret">([A-Z2-7 ]+)<', page.text)[1].replace(" ", "")
        assert submit(page, otp=pyotp.TOTP(secret).at(provider.clock.now())).status_code == 200

    listed = codes()
    use_phone("on")
    removals: list[tuple[str, Callable[[Browser], str], Callable[[], object]]] = [
        ("otp", Browser.code, another_app),
        ("recovery", lambda _: listed[0], codes),
        ("phone", lambda _: sent_code(provider), lambda: use_phone("off")),
        ("phone", lambda _: sent_code(provider), lambda: submit(open_page(f"{phone}/remove"))),
    ]
    for number, (kind, code, remove) in enumerate(removals):
        if number == 3:
            use_phone("on")
        elsewhere = with_second(provider, kind, code)
        assert signed_in(elsewhere)
        remove()
        assert (signed_in(elsewhere), signed_in(plain), signed_in(wang.browser)) == (False, True, True), number
        assert len(signed_out(provider)) == number + 1
        provider.clock.advance(60)
    assert [each["facts"]["authenticator"] for each in provider.events("AuthenticatorRemoved")] == ["otp", "sms", "sms"]
    provider.deliver()
    removed = [words for words in provider.mailbox.words() if "was removed from your account" in words]
    assert [sum(what in words for words in removed) for what in ("an authenticator app", "codes sent")] == [1, 1]


def test_what_a_session_showed_is_worth_what_the_account_still_has(provider: Provider) -> None:
    """One answer about a level, whichever way it is asked: what cannot be reached is not passed off as reached."""
    wang, party = Account(provider, "wang"), RelyingParty(provider)
    elsewhere = Account(provider, "wang")
    page = wang.open(f"{SECURITY}/app/remove")
    elsewhere.open(f"{SECURITY}/password")
    assert wang.browser.submit(page).status_code == 200
    assert not signed_in(elsewhere.browser)
    refused = wang.browser.walk(party.authorize_url(acr_values=LEVEL_3))
    assert refused["error"] == "unmet_authentication_requirements"
    claims = claims_of(party.redeem(wang.browser.walk(party.authorize_url())["code"]).json["id_token"])
    assert (claims["acr"], claims["amr"]) == ("urn:tongban:loa:2", ["pwd"])


def test_a_code_of_an_app_removed_while_it_is_checked_raises_no_session(provider: Provider) -> None:
    wang, original = Account(provider, "wang"), SignIn._spend_code
    gone = wang.open(f"{SECURITY}/app/remove")
    browser = with_password(provider)
    page = browser.follow(browser.get(f"{SECURITY}/password"))

    def overtaken(*args: Any) -> bool:
        spent = original(*args)
        assert wang.browser.submit(gone).status_code == 200
        return spent

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SignIn, "_spend_code", overtaken)
        assert browser.submit(page, otp=browser.code()).status_code == 422
    assert provider.events("SignedIn")[-1]["facts"]["factor"] == "pwd"


def test_a_session_begun_at_the_moment_of_a_change_ends_with_it(either_provider: Provider) -> None:
    """It has its entry, too; and whoever begins one after the other prevents nothing."""
    provider, original = either_provider, Others.find
    wang, begun, passwords = Account(provider, "wang"), list[Browser](), [PASSWORD]
    most = 1

    def find(*args: Any) -> Others:
        found = original(*args)
        if len(begun) < most:
            begun.append(with_password(provider, passwords[-1]))
        return found

    def change(new: str) -> None:
        page, present = wang.open(f"{SECURITY}/password"), passwords[-1]
        assert wang.browser.submit(page, password=present, new=new, again=new).status_code == 200
        passwords.append(new)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Others, "find", find)
        change("violet tram over granite")
        assert len(signed_out(provider)) == len(begun) == 1
        most = 100
        change("granite over tram violet")
    assert 2 < len(begun) < most
    assert not any(signed_in(each) for each in begun)
    assert signed_in(wang.browser)


def test_the_last_recovery_code_counts_where_it_was_shown(provider: Provider) -> None:
    """It is used up by that, and was not removed."""
    code, person = "1111-2222-3333-4444", person_id(provider, "wang")
    provider.database.write(lambda connection: second_factors.remove_totp(connection, person))
    provider.database.write(lambda connection: provider.recovery_codes.renew(connection, person, (code,)))
    browser, party = with_second(provider, "recovery", lambda _: code), RelyingParty(provider)
    back = browser.walk(party.authorize_url(acr_values=LEVEL_3))
    claims = claims_of(party.redeem(back["code"]).json["id_token"])
    assert (claims["acr"], claims["amr"]) == (LEVEL_3, ["pwd", "otp", "mfa"])
    now = provider.clock.now()
    assert Authentication({Factor.BOUND_KEY: now}).standing({Factor.PASSWORD, Factor.PASSKEY}) is None


# However many there are -----------------------------------------------------------------------------------------------


def begin(provider: Provider, number: int, like: Family) -> list[str]:
    """So many more sessions of its person, who allowed in each what they allowed in ``like``; the pairwise `sid`s."""
    now, ids = provider.clock.now(), [new_id("ses", provider.clock, SystemEntropy()) for _ in range(number)]

    def add(connection: Connection) -> None:
        for each in ids:
            begun = Session(each, like.person, like.authentication, now, now + timedelta(hours=1))
            sessions.add(connection, begun, hashed(each))
            families.add(connection, replace(like, id=f"fam_{each}", session=each, sid=f"sid-{each}"))

    provider.database.write(add)
    return [f"sid-{each}" for each in ids]


def standing(provider: Provider, person: str) -> int:
    """How many sessions a person has, and families that were not revoked."""
    with provider.database.read() as connection:
        alive = select(family.c.id).where(family.c.person == person, family.c.revoked_at.is_(None))
        kept = sessions.others_of_person(connection, person, "", None, 1000)
        return len(kept) + len(connection.execute(alive).all())


def test_however_many_sessions_end_everybody_else_waits_for_as_many_statements(
    either_provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stole a factor does not keep it by signing in again and again. Departments are told of every end."""
    monkeypatch.setattr(other_sessions, "MOST_NAMED", 2)
    provider, wang, li = either_provider, Account(either_provider, "wang"), Account(either_provider, "li")
    told, untold = RelyingParty(provider, backchannel_logout_uri="https://market.example/out"), RelyingParty(provider)
    for each, party in ((wang, told), (li, untold)):
        each.open(SECURITY)
        party.tokens(each.browser)
    with provider.database.read() as connection:
        given = {each.client_id: each for each in map(families.from_row, connection.execute(families.columns()))}
        before = revocations.current(connection, provider.clock.now(), timedelta(hours=1), timedelta(0))
    of_wang, of_li = given[told.id], given[untold.id]
    others = replace(of_wang, client_id=of_li.client_id)
    began: list[str] = []
    ended_before = begin(provider, 1, of_wang)[0].removeprefix("sid-")
    provider.database.write(lambda connection: sessions.end(connection, ended_before, provider.clock.now()))
    settled = update(logout_notice).values(state=NoticeState.DELIVERED.value)
    provider.database.write(lambda connection: connection.execute(settled))

    def counted(number: int, end: Callable[[Any], object], page: Any = None) -> int:
        began.extend([*begin(provider, number, of_wang), *begin(provider, number, others)])
        with statements() as seen:
            end(page)
        return len(seen)

    def change(page: Any) -> None:
        passwords.append(f"violet tram over granite {len(passwords)}")
        sent = {"password": passwords[-2], "new": passwords[-1], "again": passwords[-1]}
        assert wang.browser.submit(page, **sent).status_code == 200

    def sign_out(page: Any) -> None:
        assert wang.browser.submit(page).status_code == 200

    def end_all(_: Any) -> None:
        now = provider.clock.now()
        provider.database.write(lambda connection: sessions.end_of_person(connection, of_wang.person, now))

    passwords = [PASSWORD]
    for end, path in ((change, f"{SECURITY}/password"), (sign_out, "/account/sessions/others/end")):
        few, many = (counted(number, end, wang.open(path)) for number in (2, 40))
        assert few == many, path
        assert standing(provider, of_wang.person) == 2  # this session, and what was allowed in it
    assert counted(2, end_all) == counted(40, end_all)
    assert standing(provider, of_wang.person) == 0
    assert standing(provider, of_li.person) == 2
    assert len(signed_out(provider)) == 4 * other_sessions.MOST_NAMED
    with provider.database.read() as connection:
        now = provider.clock.now()
        feed = revocations.current(connection, now, timedelta(hours=1), timedelta(0))
        assert {*began, of_wang.sid} <= feed.sid
        assert of_li.sid not in feed.sid
        assert feed.version == before.version + 7  # every change once
        noted = connection.execute(select(logout_notice.c.client_id, logout_notice.c.state)).all()
        [kept_notice] = logout_notices.of_session(connection, ended_before)
    assert kept_notice.state is NoticeState.DELIVERED
    by_client = {client_id: {state for each, state in noted if each == client_id} for client_id, _ in noted}
    assert by_client == {told.id: {"waiting", "delivered"}, untold.id: {"untold"}}
    assert len(noted) == len(began) + 2
