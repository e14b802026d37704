"""When the ledger or the database fails: nothing is issued, nothing is used up, and the answer says to try again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kernel.database import Database, DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from tests.doubles.browser import Browser, form_of
from tests.doubles.identity_provider import PASSWORD, Provider
from tests.doubles.provider_fixtures import (
    empty_postgresql,
    empty_sqlite,
    fresh,
    opened,
    peopled_postgresql,
    peopled_sqlite,
    provider,
)
from tests.doubles.relying_party import ProofKey, RelyingParty, by_secret

__all__ = ["empty_postgresql", "empty_sqlite", "fresh", "opened", "peopled_postgresql", "peopled_sqlite", "provider"]


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, error: Exception) -> Iterator[None]:
    """The method fails for a while."""

    def fail(*_args: Any, **_kwargs: Any) -> Any:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(owner, method, fail)
        yield


def try_later(answer: Any) -> bool:
    return (answer.status_code, answer.json["error"], answer.headers["Retry-After"]) == (
        503,
        "temporarily_unavailable",
        "1",
    )


def test_no_ledger_no_token_and_the_code_is_still_good(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    party = RelyingParty(provider)
    code, refresh = party.code(), party.tokens()["refresh_token"]
    entries = provider.ledger.size()
    with failing(monkeypatch, Ledger, "append", LedgerUnavailable("disk full")):
        assert try_later(party.redeem(code))
        assert try_later(party.refresh(refresh))
        assert try_later(party.own_token(ProofKey(provider)))
    assert provider.ledger.size() == entries
    assert party.redeem(code).status_code == 200
    assert party.refresh(refresh).status_code == 200


def test_no_ledger_no_sign_in_and_no_consent(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    party, browser = RelyingParty(provider), Browser(provider)
    page = browser.follow(browser.get(party.authorize_url()))
    with failing(monkeypatch, Ledger, "append", LedgerUnavailable("disk full")):
        failed = browser.submit(page, username="wang", password=PASSWORD)
        assert (failed.status_code, failed.mimetype) == (503, "text/html")
        assert failed.headers["Retry-After"] == "1"
        assert browser.cookie("idp-sso") is None
    page = browser.submit(page, username="wang", password=PASSWORD)
    with failing(monkeypatch, Ledger, "append", LedgerUnavailable("disk full")):
        assert browser.submit(page, decision="allow").status_code == 503
    assert form_of(page).names >= {"decision"}
    assert browser.submit(page, decision="allow").status_code == 303


def test_a_revocation_does_not_wait_for_the_ledger(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """Revoked first, recorded second: a stolen token must not live on because nothing can be written down."""
    party = by_secret(provider)
    token = party.tokens()["access_token"]
    with failing(monkeypatch, Ledger, "append", LedgerUnavailable("disk full")):
        assert try_later(party.form("/revoke", {"token": token}))
    provider.settle()
    assert party.introspect(token) == {"active": False}


def test_no_database_no_answer_but_never_a_server_error(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    party, browser = by_secret(provider, scope="openid profile"), Browser(provider)
    url, tokens = party.authorize_url(), party.tokens()
    provider.settle()
    for method in ("read", "write"):
        with failing(monkeypatch, Database, method, DatabaseUnavailable("away")):
            provider.settle()
            assert try_later(party.push())
            if method == "read":
                assert try_later(party.own_token())  # whether the client was disabled cannot be known
                assert try_later(party.form("/introspect", {"token": tokens["access_token"]}))
            page = browser.get(url)
            assert (page.status_code, page.mimetype) == (503, "text/html")
            assert page.headers["Retry-After"] == "1"
            assert party.http.get("/readyz").status_code in (200, 503)
            assert party.http.get("/healthz").status_code == 200
            assert party.http.get("/jwks").status_code == 200
    assert party.http.get("/revocations").status_code == 200


def test_the_feed_is_silent_rather_than_stale(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    party = by_secret(provider)
    assert party.http.get("/revocations").status_code == 200
    with failing(monkeypatch, Database, "read", DatabaseUnavailable("away")):
        assert party.http.get("/revocations").status_code == 503
