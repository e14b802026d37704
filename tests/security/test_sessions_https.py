"""Behind https, cookies carry the `__Host-` prefix (S4), and nothing else about the sign-in changes."""

from __future__ import annotations

from werkzeug.test import Client

from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import RelyingParty


def test_S4_host_prefix_secure_and_hsts_where_the_issuer_is_https(opened: Opened) -> None:
    issuer = "https://id.example"
    with opened(issuer=issuer) as provider:
        party = RelyingParty(provider)
        browser = Client(provider.app)
        answer = browser.get(party.authorize_url(), base_url=issuer)
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-idp-browser=")
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
        page = browser.get(answer.headers["Location"], base_url=issuer)
        assert page.status_code == 200
        assert page.headers["Strict-Transport-Security"]
        assert all("Secure" in value for value in page.headers.getlist("Set-Cookie"))
