"""Administrators for tests: staff in each office, signed in at the provider's own pages."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from idp.model.person import NewPerson, PersonKind
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import ISSUER, MARKET, PASSWORD, TOTP_SECRET, URBAN, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty

OFFICES: dict[str, tuple[str, tuple[str, ...]]] = {
    "system": (MARKET, ("system-administrator",)),
    "security": (MARKET, ("security-administrator",)),
    "guard": (MARKET, ("security-administrator",)),
    "audit": (MARKET, ("audit-administrator",)),
    "market": (MARKET, ("department-administrator",)),
    "urban": (URBAN, ("department-administrator",)),
    "helpdesk": (MARKET, ("helpdesk",)),
    "clerk": (MARKET, ("window-clerk",)),
    "plain": (URBAN, ()),
}


def appoint(provider: Provider, *names: str) -> None:
    """Make accounts for these offices (all of them when none is named)."""
    for name in names or OFFICES:
        organisation, roles = OFFICES[name]
        provider.administration.people.add(
            NewPerson(
                name, f"职员{name}", PASSWORD, kind=PersonKind.STAFF, assurance=3, totp_secret=TOTP_SECRET,
                organisation=organisation, roles=roles,
            )
        )  # fmt: skip


def person_id(provider: Provider, username: str) -> str:
    found = provider.administration.people.by_username(username)
    assert found is not None
    return found.id


def signed_in(provider: Provider, username: str, at: str = "/admin") -> tuple[Browser, TestResponse]:
    """A browser in which somebody signed in with two factors, and the page they came for."""
    browser = Browser(provider)
    page = browser.submit(browser.follow(browser.get(at)), username=username, password=PASSWORD)
    if "otp" in form_of_names(page):
        page = browser.submit(page, otp=browser.code())
    return browser, page


def form_of_names(page: TestResponse) -> frozenset[str]:
    """The names of the page's fields; none for a page without a form."""
    return form_of(page).names if "<form" in page.text else frozenset()


def press(browser: Browser, address: str, **values: Any) -> TestResponse:
    """Open a page and send its form."""
    return browser.submit(browser.get(address), **values)


class Console:
    """An administrator's program: an access token of scope `admin`, bound to a key, and the API."""

    def __init__(self, provider: Provider, username: str, party: RelyingParty | None = None, **changes: Any) -> None:
        self.provider, self.key = provider, ProofKey(provider)
        self.party = party or RelyingParty(provider, scope="openid admin")
        asked = {"scope": "openid admin", "acr_values": "urn:tongban:loa:3"} | changes
        back = Browser(provider).walk(self.party.authorize_url(**asked), username=username)
        answer = self.party.redeem(back["code"], self.key)
        assert answer.status_code == 200, answer.text
        self.token = str(answer.json["access_token"])

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One call, with a proof of its own."""
        address = f"/admin/api/v1{path}"
        own = {
            "Authorization": f"DPoP {self.token}",
            "DPoP": self.key.proof(method, ISSUER + address.partition("?")[0], self.token),
        }
        sent = {} if body is None else {"json": body}
        return self.party.http.open(address, method=method, headers={**own, **headers}, base_url=ISSUER, **sent)
