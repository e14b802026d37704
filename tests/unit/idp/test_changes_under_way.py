"""A change of one's own account that is overtaken: by recovery, disabling, the end of its session, another change."""

from __future__ import annotations

from typing import Any

import pytest

from idp.authentication.own_account import OwnChanges
from idp.model.person import NewPerson, PersonKind
from tests.doubles.account import Account
from tests.doubles.administrators import Console, appoint, person_id
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import MARKET, PASSWORD, TOTP_SECRET, WANG, Provider
from tests.doubles.overtaking import while_hashing

SECURITY = "/account/security"
THEIRS = "granite over tram violet"
OWN = "violet tram over granite"


def change_password(account: Account, page: Any, new: str = THEIRS) -> Any:
    return account.browser.submit(page, password=PASSWORD, new=new, again=new)


def signs_in(provider: Provider, password: str) -> bool:
    browser = Browser(provider)
    browser.submit(browser.follow(browser.get("/account")), username="wang", password=password)
    return browser.cookie("idp-sso") is not None


def window_link(provider: Provider) -> str:
    """The link by which a new password is set, given out by two clerks."""
    appoint(provider, "clerk")
    provider.administration.people.add(
        NewPerson(
            "clerk2", "职员", PASSWORD, kind=PersonKind.STAFF, assurance=3, totp_secret=TOTP_SECRET,
            organisation=MARKET, roles=("window-clerk",),
        )
    )  # fmt: skip
    first, second = Console(provider, "clerk"), Console(provider, "clerk2")
    asked = first.call("POST", f"/window/{person_id(provider, 'wang')}/recovery", {"reference": "R-1"})
    proposal = asked.json["proposal"]
    answer = second.call(
        "POST", f"/proposals/{proposal['id']}/confirm", {"digest": proposal["digest"], "number": WANG.value}
    )
    return str(answer.json["recovery_link"]).removeprefix(provider.settings.issuer)


def test_a_recovery_finished_meanwhile_stands(either_provider: Provider) -> None:
    """Who knew the old password and is shut out by recovery does not come back with a change begun before it."""
    provider = either_provider
    thief = Account(provider, "wang")
    page, path = thief.open(f"{SECURITY}/password"), window_link(provider)

    def recovered() -> None:
        browser = Browser(provider)
        assert browser.submit(browser.get(path), new=OWN, again=OWN).status_code == 200

    with while_hashing(THEIRS, recovered):
        answer = change_password(thief, page)
    assert answer.status_code == 403
    assert "没有更改任何内容" in answer.text
    assert provider.events("PasswordChanged") == []
    assert not signs_in(provider, THEIRS)
    assert signs_in(provider, OWN)


def test_an_account_disabled_meanwhile_keeps_its_password(either_provider: Provider) -> None:
    provider = either_provider
    thief = Account(provider, "wang")
    page = thief.open(f"{SECURITY}/password")
    appoint(provider, "security")
    guard, at = Console(provider, "security"), f"/people/{person_id(provider, 'wang')}"

    def disabled() -> None:
        assert guard.call("POST", f"{at}/disable").status_code == 204

    with while_hashing(THEIRS, disabled):
        assert change_password(thief, page).status_code == 403
    assert provider.events("PasswordChanged") == []
    assert guard.call("POST", f"{at}/enable").status_code == 204
    assert not signs_in(provider, THEIRS)
    assert signs_in(provider, PASSWORD)


def test_a_recovery_overtaken_by_disabling_changes_nothing(either_provider: Provider) -> None:
    provider = either_provider
    path = window_link(provider)
    appoint(provider, "security")
    guard, at = Console(provider, "security"), f"/people/{person_id(provider, 'wang')}"

    def disabled() -> None:
        assert guard.call("POST", f"{at}/disable").status_code == 204

    browser = Browser(provider)
    with while_hashing(OWN, disabled):
        assert browser.submit(browser.get(path), new=OWN, again=OWN).status_code == 404
    assert provider.events("AccountRecovered") == []
    assert guard.call("POST", f"{at}/enable").status_code == 204
    assert not signs_in(provider, OWN)
    assert signs_in(provider, PASSWORD)


def end_others(provider: Provider) -> None:
    here = Account(provider, "wang")
    provider.clock.advance(60)  # the last code of the app is used up
    assert here.browser.submit(here.open("/account/sessions/others/end")).status_code == 200


@pytest.mark.parametrize(
    ("path", "secret", "event"),
    [("password", THEIRS, "PasswordChanged"), ("user-code", "seven green lanterns", "UserCodeChosen")],
)
def test_in_a_session_that_its_owner_ends_meanwhile_nothing_is_changed(
    either_provider: Provider, path: str, secret: str, event: str
) -> None:
    provider = either_provider
    thief = Account(provider, "wang")
    page = thief.open(f"{SECURITY}/{path}")
    sent = {"password": PASSWORD} if path == "password" else {}
    with while_hashing(secret, lambda: end_others(provider)):
        assert thief.browser.submit(page, new=secret, again=secret, **sent).status_code == 403
    assert provider.events(event) == []
    assert signs_in(provider, PASSWORD)


def test_no_authenticator_is_added_in_a_session_ended_meanwhile(either_provider: Provider) -> None:
    provider, tell = either_provider, OwnChanges.tell
    thief = Account(provider, "wang")
    page = thief.open(f"{SECURITY}/recovery-codes")

    def overtaken(*args: Any, **kwargs: Any) -> None:
        end_others(provider)
        tell(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OwnChanges, "tell", overtaken)
        assert thief.browser.submit(page).status_code == 403
    assert provider.events("AuthenticatorAdded") == []


def test_a_password_set_meanwhile_is_not_overridden(either_provider: Provider) -> None:
    """In another tab of the same session: the one shown is no longer the present one."""
    provider = either_provider
    account = Account(provider, "wang")
    page, other_tab = (account.open(f"{SECURITY}/password") for _ in range(2))

    def changed() -> None:
        assert change_password(account, other_tab, OWN).status_code == 200

    with while_hashing(THEIRS, changed):
        answer = change_password(account, page)
    assert answer.status_code == 422
    assert "现在的密码不正确" in answer.text
    assert len(provider.events("PasswordChanged")) == 1
    assert signs_in(provider, OWN)
