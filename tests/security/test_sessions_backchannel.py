"""S1 and S2 at a department: the sample website ends a session for a true logout token, and for nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kernel import jose
from kernel.entropy import SystemEntropy
from tests.doubles.relying_party import key_pair, raw_jws
from tongban.demo.departments.evidence_client import Registration
from tongban.demo.departments.logout import EVENT, REMEMBERED, EndedSessions
from tongban.demo.departments.market import SERVICE
from tongban.demo.departments.website import Site

ISSUER, CLIENT, SID = "https://id.example", "market-website", "the-session"
KEY, PUBLIC = key_pair()
STRANGER, _ = key_pair()


class Metadata:
    """What Authlib's client would have fetched from the identity provider."""

    def __init__(self) -> None:
        self.fetched: list[bool] = []

    def fetch_jwk_set(self, *, force: bool) -> dict[str, Any]:
        self.fetched.append(force)
        return {"keys": [PUBLIC]}


@pytest.fixture
def website(tmp_path: Path) -> Iterator[FlaskClient]:
    known = Registration("https://market.example", ISSUER, "https://x.example", CLIENT, private_jwk(), "item", "basis")
    app = Flask("tongban.demo.departments.website", template_folder="templates")
    app.config.update(SECRET_KEY=b"for this test", TESTING=True)
    Site(SERVICE, tmp_path, known, Metadata()).mount(app)
    app.jinja_env.globals["csrf_token"] = lambda: ""
    with app.test_client() as browser:
        with browser.session_transaction() as session:
            session.update(person={"sub": "sub-1", "name": "王"}, sid=SID, id_token="x")
        yield browser


def private_jwk() -> dict[str, Any]:
    return dict(jose.generate_p256(SystemEntropy()))


def logout_token(*, header: dict[str, Any] | None = None, key: Any = KEY, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": CLIENT, "sub": "sub-1", "sid": SID, "iat": now, "exp": now + 120, "jti": "out-1"}
    claims |= {"events": {EVENT: {}}} | changes
    made = {"alg": "ES256", "typ": "logout+jwt", "kid": PUBLIC["kid"]} | (header or {})
    return raw_jws(made, {name: value for name, value in claims.items() if value is not None}, key)


def sent(website: FlaskClient, token: str) -> int:
    return website.post("/backchannel-logout", data={"logout_token": token}).status_code


def signed_in(website: FlaskClient) -> bool:
    return website.get("/apply").status_code == 200


def test_a_true_logout_token_ends_the_session_it_names(website: FlaskClient) -> None:
    """OpenID Connect Back-Channel Logout 1.0 §2.7."""
    assert signed_in(website)
    assert sent(website, logout_token()) == 200
    assert not signed_in(website)


def test_another_session_goes_on(website: FlaskClient) -> None:
    assert sent(website, logout_token(sid="another")) == 200
    assert signed_in(website)


NOW = int(time.time())
FORGED: dict[str, dict[str, Any]] = {
    "alg none": {"header": {"alg": "none"}, "key": None},
    "HS256": {"header": {"alg": "HS256"}},
    "another key under our kid": {"key": STRANGER},
    "unknown kid": {"header": {"kid": "unknown"}, "key": STRANGER},
    "ID token": {"header": {"typ": "JWT"}},
    "no type": {"header": {"typ": None}},
    "access token": {"header": {"typ": "at+jwt"}},
    "nonce": {"nonce": "n"},
    "no events": {"events": None},
    "events a list": {"events": [EVENT]},
    "another event": {"events": {"http://schemas.openid.net/event/other": {}}},
    "event not an object": {"events": {EVENT: True}},
    "another issuer": {"iss": "https://evil.example"},
    "another client": {"aud": "urban-website"},
    "a stranger beside us": {"aud": [CLIENT, "urban-website"]},
    "expired": {"iat": NOW - 400, "exp": NOW - 280},
    "no exp": {"exp": None},
    "exp a text": {"exp": "2099"},
    "issued in the future": {"iat": NOW + 3600, "exp": NOW + 3700},
    "no iat": {"iat": None},
    "no jti": {"jti": None},
    "no sid": {"sid": None},
    "sid a list": {"sid": [SID]},
}


@pytest.mark.parametrize("how", FORGED)
def test_S1_a_forged_logout_token_ends_nothing(website: FlaskClient, how: str) -> None:
    """CVE-2026-18569: with `alg` none, anybody signed somebody out. Refused, and the session goes on."""
    assert sent(website, logout_token(**FORGED[how])) == 400
    assert signed_in(website)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é"])
def test_S1_what_is_no_token_ends_nothing(website: FlaskClient, token: str) -> None:
    assert sent(website, token) == 400
    assert signed_in(website)


def test_S1_a_replayed_logout_token_is_refused(website: FlaskClient) -> None:
    token = logout_token()
    assert [sent(website, token), sent(website, token)] == [200, 400]


def test_S1_a_changed_logout_token_ends_nothing(website: FlaskClient) -> None:
    head, body, signature = logout_token().split(".")
    changed = ("A" if signature[0] != "A" else "B") + signature[1:]
    assert sent(website, f"{head}.{body}.{changed}") == 400
    assert signed_in(website)


def test_what_is_remembered_of_ended_sessions_is_bounded_by_time() -> None:
    sessions = EndedSessions()
    assert sessions.end("one", "old", 0.0)
    assert sessions.end("two", "new", REMEMBERED + 1.0)
    assert not sessions.ended("old")
    assert sessions.ended("new")
