"""Zero configuration: with what `tongban init` writes and nothing else, both services start, and defaults are safe."""

from __future__ import annotations

from contextlib import closing

import pytest
from werkzeug.test import Client

from exchange.app import open_service as open_exchange
from idp.app import open_service as open_provider
from kernel.settings import IdpSettings, Settings
from tongban import installation


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return installation.create(tmp_path_factory.mktemp("defaults") / "own", installation.loopback(8400))


def test_the_provider_starts_and_is_strict(installed: Settings) -> None:
    service = open_provider(installed.idp)
    with closing(service):
        http = Client(service.app)
        issuer = installed.idp.issuer
        metadata = http.get("/.well-known/openid-configuration", base_url=issuer).get_json()
        assert metadata["issuer"] == issuer
        assert metadata["response_types_supported"] == ["code"]
        assert metadata["code_challenge_methods_supported"] == ["S256"]
        assert not {"password", "implicit"} & set(metadata["grant_types_supported"])
        assert "none" not in metadata["id_token_signing_alg_values_supported"]
        page = http.get("/sign-up", base_url=issuer)
        assert page.status_code == 200
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
        for cookie in page.headers.getlist("Set-Cookie"):
            assert "HttpOnly" in cookie
            assert "SameSite" in cookie
        assert http.get("/admin", base_url=issuer).status_code == 303
        assert http.get("/admin/api/v1/clients", base_url=issuer).status_code == 401


def test_the_exchange_starts_and_releases_nothing(installed: Settings) -> None:
    service = open_exchange(installed.exchange)
    with closing(service):
        http = Client(service.app)
        assert http.get("/healthz").status_code == 200
        for path in ("/v1/cases", "/v1/evidence-requests"):
            assert http.post(path, json={}).status_code == 401


def test_lifetimes_and_limits_without_any_setting() -> None:
    settings = IdpSettings()
    assert settings.staff_passkey == "required"
    assert settings.recovery_delay_hours >= 24
    assert settings.enrolment_minutes <= 15
    assert settings.session_hours <= 12
    assert settings.session_idle_minutes <= 30
    assert not settings.software_statement_issuers
