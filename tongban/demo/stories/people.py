"""How a person of a story gets through the identity provider's pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

import pyotp

from tongban.demo.stories.browser import Browser, Page

STARTS = ("/my/sign-in/start", "/console/sign-in/start")
"""Where a page of the exchange, citizens' or officers', leads whoever has no session there yet."""
MOST_PAGES = 6
"""Sign-in, one-time code and consent are at most this many pages; more means the story is going round in circles."""


@dataclass(frozen=True)
class Credentials:
    """What a synthetic person knows and holds."""

    username: str
    password: str
    totp_secret: str


def through(browser: Browser, page: Page, person: Credentials, decision: str = "allow") -> Page:
    """Answer whatever the identity provider asks until it sends the person back."""
    for _page in range(MOST_PAGES):
        if page.asks_for("password"):
            page = browser.submit(page, {"username": person.username, "password": person.password})
        elif page.asks_for("otp"):
            page = browser.submit(page, {"otp": pyotp.TOTP(person.totp_secret).now()})
        elif page.asks_for("decision"):
            page = browser.submit(page, {"decision": decision})
        else:
            break
    return page


def signed_in_at(browser: Browser, address: str, person: Credentials) -> Page:
    """A page of the exchange, after signing in there, and more strongly where what it shows asks for that."""
    page = browser.open(address)
    for _time in range(2):
        page = let_in(browser, page, person)
    return page


def answered(browser: Browser, page: Page, values: Mapping[str, str], person: Credentials) -> Page:
    """Send a form of a citizens' page; once more where that takes a stronger sign-in, which shows the page again."""
    given = browser.submit(page, values)
    again = let_in(browser, given, person)
    return given if again is given else browser.submit(again, values)


def let_in(browser: Browser, page: Page, person: Credentials) -> Page:
    """The page behind the sign-in that this one leads to; the same where it leads to none."""
    start = next((link for link in page.links if link.startswith(STARTS)), None)
    return page if start is None else through(browser, browser.open(urljoin(page.url, start)), person)
