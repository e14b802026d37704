"""How a person of a story gets through the identity provider's pages."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin

import pyotp

from tongban.demo.stories.browser import Browser, Page

START = "/my/sign-in/start"
"""Where a citizens' page of the exchange leads whoever has no session there yet."""
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
    """A citizens' page of the exchange, after signing in there, and more strongly where what it shows asks for that."""
    page = browser.open(address)
    for _time in range(2):
        start = next((link for link in page.links if link.startswith(START)), None)
        if start is None:
            break
        page = through(browser, browser.open(urljoin(page.url, start)), person)
    return page
