"""A browser for tests: keeps cookies, fills in the provider's forms as they stand, and stops where it leaves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pyotp
from werkzeug.test import Client, TestResponse

from tests.doubles.identity_provider import ISSUER, PASSWORD, TOTP_SECRET, Provider

ELSEWHERE = {"Origin": "https://market.example", "Sec-Fetch-Site": "cross-site"}
"""What browsers say of a request that a department's page makes them send."""
_HERE = {"Sec-Fetch-Site": "same-origin"}
_FORM = re.compile(r"<form(?:[^>]*?action=\"([^\"]*)\")?[^>]*>(.*?)</form>", re.DOTALL)
"""Without an address a form goes where its page came from (HTML Standard, form submission)."""
_FIELD = re.compile(r"<(?:input|button)([^>]*)>")
_ATTRIBUTE = re.compile(r"([a-z-]+)=\"([^\"]*)\"")


@dataclass(frozen=True)
class Form:
    """A form of a page: where it goes, its fields with the values they have."""

    action: str
    fields: dict[str, str]
    names: frozenset[str]


@dataclass(frozen=True)
class PasskeyForm:
    """A passkey form: where it goes, where its options are, its hidden fields."""

    action: str
    options: str
    fields: dict[str, str]


class Browser:
    """One browser. ``leave`` is where it last was sent outside the provider."""

    def __init__(self, provider: Provider, app: Any = None, address: str = "203.0.113.7") -> None:
        self.provider = provider
        self.client = Client(_lax(app or provider.app, provider.settings.issuer))
        self.address = address
        self.left_for: str | None = None
        self.page: TestResponse | None = None

    def get(self, url: str, **headers: str) -> TestResponse:
        return self._open(url, "GET", headers=headers)

    def post(self, url: str, data: dict[str, str], **headers: str) -> TestResponse:
        return self._open(url, "POST", data=data, headers=headers)

    def _open(self, url: str, method: str, **more: Any) -> TestResponse:
        headers = {"Accept": "text/html", **more.pop("headers", {})}
        environ = {"REMOTE_ADDR": self.address}
        path = url.removeprefix(self.provider.settings.issuer)
        return self.client.open(
            path, method=method, base_url=self.provider.settings.issuer, headers=headers, environ_base=environ, **more
        )

    def follow(self, response: TestResponse) -> TestResponse:
        """Follow redirects until there is a page, or until they lead outside."""
        while response.status_code == 303:
            location = response.headers["Location"]
            if location.startswith("http") and not location.startswith(self.provider.settings.issuer):
                self.left_for = location
                return response
            response = self.get(location)
        return response

    def submit(self, page: TestResponse, **values: str) -> TestResponse:
        """Fill in the page's form and follow where that leads."""
        form = form_of(page)
        return self.follow(self.post(form.action, {**form.fields, **values}, **_HERE))

    def passkey_form(self, page: TestResponse) -> PasskeyForm:
        """The form that the browser's passkey dialogue fills in."""
        found = re.search(r"<form([^>]*data-passkey[^>]*)>(.*?)</form>", page.text, re.DOTALL)
        assert found, page.text
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(found[1])}
        fields = [dict(_ATTRIBUTE.findall(each)) for each in _FIELD.findall(found[2])]
        hidden = {each["name"]: unescape(each.get("value", "")) for each in fields if each.get("type") == "hidden"}
        return PasskeyForm(attributes["action"], attributes["data-options"], hidden)

    def link(self, page: TestResponse) -> str:
        """Where the page's button leads."""
        found = re.search(r'<a href="([^"]*)"[^>]*class="govuk-button', page.text)
        assert found, page.text
        return unescape(found[1])

    def sent_back(self) -> dict[str, str]:
        """What the browser was last sent outside with."""
        assert self.left_for is not None
        return parameters(self.left_for)

    def parameters_of(self, response: TestResponse) -> dict[str, str]:
        """What a redirect carries."""
        return parameters(response.headers["Location"])

    def walk(
        self,
        url: str,
        username: str = "wang",
        password: str = PASSWORD,
        decision: str = "allow",
        otp: str | None = None,
    ) -> dict[str, str]:
        """Answer every page until the browser is sent back to the client; the parameters it carries."""
        page = self.follow(self.get(url))
        while (back := carried(page)) is None:
            assert page.status_code == 200, page.text
            page = self.submit(page, **self._answers(page, username, password, decision, otp))
        return back

    def _answers(
        self, page: TestResponse, username: str, password: str, decision: str, otp: str | None
    ) -> dict[str, str]:
        names = form_of(page).names
        if "password" in names:
            return {"username": username, "password": password}
        if "otp" in names:
            return {"otp": otp or self.code()}
        if "acting" in names:
            return {"acting": "self"}
        if "account" in names:
            return {"account": "this"}
        assert "decision" in names, page.text
        return {"decision": decision}

    def code(self) -> str:
        """The code an authenticator app shows now; time goes on, so that it is a fresh one."""
        self.provider.clock.advance(30)
        return pyotp.TOTP(TOTP_SECRET).at(self.provider.clock.now())

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name, urlsplit(self.provider.settings.issuer).hostname or "")
        return found.value if found else None


def _lax(app: Any, issuer: str) -> Any:
    """The application as a browser reaches it that keeps SameSite=Lax: no cookie comes with another site's POST."""

    def reached(environ: dict[str, Any], start_response: Any) -> Any:
        site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN", issuer)
        if environ["REQUEST_METHOD"] == "POST" and (site == "cross-site" or (site is None and origin != issuer)):
            environ.pop("HTTP_COOKIE", None)
        return app(environ, start_response)

    return reached


def carried(response: TestResponse) -> dict[str, str] | None:
    """What an answer that leaves the provider carries: in its address, or in a form to be posted; None of a page."""
    if response.status_code == 303 and _is_elsewhere(response.headers["Location"]):
        return parameters(response.headers["Location"])
    if response.status_code == 200 and 'id="form-post"' in response.text:
        form = form_of(response)
        return form.fields if _is_elsewhere(form.action) else None
    return None


def _is_elsewhere(address: str) -> bool:
    return address.startswith("http") and not address.startswith(ISSUER)


def form_of(page: TestResponse) -> Form:
    """The page's form."""
    found = _FORM.search(page.text)
    assert found, page.text
    fields = [dict(_ATTRIBUTE.findall(attributes)) for attributes in _FIELD.findall(found[2])]
    hidden = {each["name"]: unescape(each.get("value", "")) for each in fields if each.get("type") == "hidden"}
    action = unescape(found[1] or "") or page.request.path
    return Form(action, hidden, frozenset(each["name"] for each in fields if "name" in each))


def parameters(url: str) -> dict[str, str]:
    """The query of an address."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
