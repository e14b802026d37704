"""A person at their own account pages, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from idp.model.person import NewPerson
from tests.doubles.authenticator import Authenticator
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import PASSWORD, TOTP_SECRET, Provider, citizen


@dataclass
class Account:
    """One person's account, in a browser of its own unless one is given."""

    provider: Provider
    username: str
    browser: Browser = field(default=None)  # type: ignore[assignment]
    password: str = PASSWORD

    def __post_init__(self) -> None:
        self.browser = self.browser or Browser(self.provider)

    def open(self, path: str) -> Any:
        """A page of the account, after every proof it asks for."""
        page = self.browser.follow(self.browser.get(path))
        while "/sign-in/" in page.text and (form := form_of(page)).action.startswith("/sign-in/"):
            page = self.browser.submit(page, **self._proof(form.names))
            assert page.status_code == 200, page.text
        return page

    def _proof(self, names: frozenset[str]) -> dict[str, str]:
        if "password" in names:
            return {"username": self.username, "password": self.password}
        return {"otp": self.browser.code()}

    def add_passkey(self, device: Authenticator, name: str = "Phone", start: str = "") -> Authenticator:
        """Set up a passkey, as the page's script would."""
        page = self.open(start or "/account/security/passkeys/new")
        form = self.browser.passkey_form(page)
        options = self.browser.post(form.options, {"csrf_token": form.fields["csrf_token"]}).json
        answer = device.create(options)
        sent = self.browser.post(form.action, {**form.fields, "credential": answer, "name": name})
        assert sent.status_code == 303, sent.text
        self.browser.page = self.browser.follow(sent)
        return device


@dataclass
class Accounts:
    """Makes accounts."""

    provider: Provider

    def at_window(self, username: str, **changes: Any) -> Account:
        """Somebody whose identity was proven at the window, with an authenticator app."""
        new = {"totp_secret": TOTP_SECRET, "assurance": 4, "subject": citizen(40), **changes}
        self.provider.administration.people.add(NewPerson(username, "陈晨", PASSWORD, **new))
        return Account(self.provider, username)


def accounts_of(provider: Provider) -> Accounts:
    return Accounts(provider)
