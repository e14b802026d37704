"""L3 at the provider: whatever happens, no secret and nothing personal stands in what it logs or answers."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import structlog

from kernel import logging
from kernel.database import Database, DatabaseUnavailable
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import OFFICER, PASSWORD, TOTP_SECRET, WANG, Provider
from tests.doubles.relying_party import ProofKey, RelyingParty, by_secret, details


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logging.configure("debug", stream)
    yield stream
    structlog.reset_defaults()


def test_L3_no_secret_reaches_the_log(provider: Provider, log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    party, system, key, browser = RelyingParty(provider), by_secret(provider), ProofKey(provider), Browser(provider)
    code = browser.walk(party.pushed_url(key, scope="openid", authorization_details=details()))["code"]
    tokens = party.redeem(code, key).json
    party.redeem(code, key)
    more = party.tokens(browser, acr_values="urn:tongban:loa:3")
    party.refresh(more["refresh_token"] + "x")
    browser.get(f"/logout?id_token_hint={more['id_token']}x")

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError(f"{PASSWORD} {WANG.value} {more['refresh_token']}")

    with monkeypatch.context() as patched:
        patched.setattr("idp.store.refresh_tokens.find", broken)
        assert party.refresh(more["refresh_token"]).status_code == 500
        patched.setattr(Database, "read", lambda _self: (_ for _ in ()).throw(DatabaseUnavailable("away")))
        party.refresh(more["refresh_token"])
    written = log.getvalue()
    assert "request_failed_unexpectedly" in written  # the canary was near the log
    secrets = [
        code,
        PASSWORD,
        TOTP_SECRET,
        WANG.value,
        OFFICER.value,
        "王小明",
        browser.cookie("idp-sso"),
        system.secret,
    ]
    secrets += [tokens["access_token"], more["access_token"], more["refresh_token"], more["id_token"]]
    assert not [secret for secret in secrets if str(secret) in written]


def test_L3_a_failure_inside_tells_the_caller_nothing_of_it(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    party = RelyingParty(provider)

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("SELECT secret FROM table")

    monkeypatch.setattr("idp.store.codes.find", broken)
    answer = party.redeem("x")
    assert answer.status_code == 500
    assert "SELECT" not in answer.text
    assert "RuntimeError" not in answer.text
