"""Making an account, proving who one is, the way back in, and the clerks' window, in a real browser.

One walk visits every state of every page: axe-core at the width of a phone and of a desk, both languages, by keyboard,
and without scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import Page

from idp.model.person import NewPerson, PersonKind
from tests.doubles.administrators import appoint, person_id
from tests.doubles.identity_provider import MARKET, PASSWORD, TOTP_SECRET, Provider, citizen
from tests.e2e.grounds import IDENTITY_PROVIDER, missed
from tests.e2e.looking import Look

NEW = "violet tram over granite"
CHEN, OTHER = citizen(77), citizen(78)
DELAY = 48 * 3600
BUTTON = "form[method=post] button.govuk-button:not(.govuk-password-input__toggle)"


@pytest.fixture
def provider(serve_provider: Callable[..., Provider]) -> Provider:
    """Two clerks and a register that knows somebody."""
    made = serve_provider("localhost")
    appoint(made, "clerk")
    second = NewPerson(
        "clerk2", "职员", PASSWORD, kind=PersonKind.STAFF, assurance=3, totp_secret=TOTP_SECRET,
        organisation=MARKET, roles=("window-clerk",),
    )  # fmt: skip
    made.administration.people.add(second)
    made.population.names[CHEN.value] = "陈晨"
    return made


class Walker:
    """Looks at one page after the other; every heading is in one language."""

    def __init__(self, page: Page, provider: Provider, look: Look, language: str, scripts: bool) -> None:
        self.page, self.provider, self.base = page, provider, provider.settings.issuer
        self._look, self._language, self._scripts = look, language, scripts

    def look(self, name: str) -> None:
        heading = self.page.locator("h1").inner_text()
        assert bool(re.search("[一-鿿]", heading)) is (self._language != "en"), heading
        self._look(self.page, name, scripts=self._scripts)

    def go(self, path: str, name: str) -> None:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == 200, path
        self.look(name)

    def send(self, shot: str, button: str = BUTTON, /, **fields: str) -> None:
        for field, value in fields.items():
            self.page.fill(f"#{field}", value)
        with self.page.expect_navigation():
            self.page.click(button)
        self.look(shot)

    def by_keyboard(self, shot: str, /, **fields: str) -> None:
        """The first field has what Tab reaches first after it is focused; Enter sends."""
        self.page.focus(f"#{next(iter(fields))}")
        for field, value in fields.items():
            assert self.page.evaluate("document.activeElement.id") == field
            self.page.keyboard.press("Control+A")
            self.page.keyboard.type(value)
            self.page.keyboard.press("Tab")
        self.page.keyboard.press("Shift+Tab")
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.look(shot)

    def sign_in(self, username: str, password: str, at: str, name: str) -> None:
        self.page.context.clear_cookies()
        self.page.goto(self.base + at)
        self.page.fill("#username", username)
        self.page.fill("#password", password)
        with self.page.expect_navigation():
            self.page.click(BUTTON)
        if self.page.locator("#otp").count():
            self.provider.clock.advance(30)
            self.page.fill("#otp", pyotp.TOTP(TOTP_SECRET).at(self.provider.clock.now()))
            with self.page.expect_navigation():
                self.page.click(BUTTON)
        self.look(name)

    def told(self, pattern: str) -> str:
        """The newest thing of a kind that somebody was sent."""
        self.provider.deliver()
        found = re.findall(pattern, "\n".join(self.provider.mailbox.words()))
        assert found, pattern
        return str(found[-1])


@pytest.mark.parametrize(("language", "scripts"), [("zh-CN", True), ("en", True), ("zh-CN", False)])
def test_an_account_its_levels_and_the_way_back(
    provider: Provider, new_page: Callable[..., Page], look: Look, language: str, scripts: bool
) -> None:
    walker = Walker(new_page(language, scripts=scripts), provider, look, language, scripts)
    walker.go("/sign-up", "sign-up")
    walker.send("sign-up-refused", username="wang", name="陈晨", contact="nowhere", password=NEW, again=NEW)
    walker.send("sign-up-code", contact="chen@example.org", password=NEW, again=NEW)
    walker.send("sign-up-wrong-code", otp="000000")
    walker.go(f"{walker.page.url.removeprefix(walker.base)}/again", "sign-up-again")
    walker.by_keyboard("sign-up-taken", otp=walker.told(r"code is (\d{6})"))
    walker.send("sign-up-done", username="chen", password=NEW, again=NEW)

    walker.sign_in("chen", NEW, "/account/identity", "identity")
    walker.send("identity-refused", name="陈晨", number=OTHER.value)
    walker.by_keyboard("identity-proven", name="陈晨", number=CHEN.value)
    assert provider.person("chen").assurance == 2

    walker.page.context.clear_cookies()
    walker.go("/recover", "recover")
    walker.by_keyboard("recover-asked", username="chen")
    walker.go(walker.told(r"http\S+(/recover/stop/\S+)"), "recover-stop")
    walker.send("recover-stopped")
    walker.go("/recover", "recover")
    walker.send("recover-asked", username="wang")
    walker.told(r"http\S+(/recover/stop/\S+)")
    provider.clock.advance(DELAY)
    walker.go(walker.told(r"http\S+(/recover/link/\S+)"), "recover-password")
    walker.send("recover-refused", new=NEW, again="something else entirely")
    walker.send("recover-done", new=NEW, again=NEW)
    assert missed(provider.app, IDENTITY_PROVIDER, "identity", look.seen) == []


@pytest.mark.parametrize(("language", "scripts"), [("zh-CN", True), ("en", True), ("en", False)])
def test_two_clerks_at_the_window(
    provider: Provider, new_page: Callable[..., Page], look: Look, language: str, scripts: bool
) -> None:
    walker = Walker(new_page(language, scripts=scripts), provider, look, language, scripts)
    provider.administration.people.add(NewPerson("chen", "小陈", PASSWORD, totp_secret=TOTP_SECRET))
    provider.clock.advance(1)
    walker.sign_in("clerk", PASSWORD, "/admin/window", "window")
    walker.page.fill("#username", "nobody-of-that-name")
    walker.send("window-nobody")
    walker.send("window-check", username="chen")
    walker.send("window-refused", name="陈晨", number="1", reference="R-1")
    walker.page.fill("#name", "陈晨")
    walker.page.fill("#number", CHEN.value)
    walker.page.fill("#reference", "R-1")
    walker.page.check("input[name=document][value=resident-card]")
    walker.page.check("input[name=level][value='3']")
    walker.send("window-proposed")
    proposal = walker.page.url.removeprefix(walker.base)
    walker.go(f"/admin/window/{person_id(provider, 'chen')}/recovery", "window-recovery")
    walker.send("window-recovery-refused")
    walker.send("window-recovery-proposed", reference="R-2")
    recovery = walker.page.url.removeprefix(walker.base)

    walker.sign_in("clerk2", PASSWORD, "/admin/proposals", "window-proposals")
    walker.go(proposal, "window-proposal")
    walker.send("window-reading-refused", "button[value=confirm]", name="陈晨", number="1")
    walker.send("window-confirmed", "button[value=confirm]", name="陈晨", number=CHEN.value)
    assert provider.person("chen").assurance == 3
    walker.go(recovery, "window-recovery-proposal")
    walker.send("window-link", "button[value=confirm]", number=CHEN.value)
    link = re.search(r"/recover/link/[\w-]+", walker.page.content())
    assert link is not None
    walker.go(link[0], "recover-at-window")
    assert walker.page.locator("main ul li").count() == 1  # the app, which will be removed
    walker.send("recovered-at-window", new=NEW, again=NEW)
    assert missed(provider.app, IDENTITY_PROVIDER, "window", look.seen) == []
