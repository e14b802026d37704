"""Software statements (RFC 7591 §2.3): whose word counts, what it replaces, and what it cannot widen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from idp.clients.software_statements import trusted
from idp.model.invitation import Terms
from kernel import jose
from tests.doubles.identity_provider import ISSUER, MARKET, Provider
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import CALLBACK, key_pair, raw_jws

TRUSTED = "https://software.example"
TERMS = Terms(MARKET, frozenset({"openid", "profile"}), frozenset({"authorization_code", "refresh_token"}))


class Publisher:
    """Somebody who signs statements about software."""

    def __init__(self) -> None:
        self.key, self.public = key_pair()

    def statement(self, provider: Provider, key: jose.SigningKey | None = None, **changes: Any) -> str:
        now, signer = int(provider.clock.now().timestamp()), key or self.key
        said = {"iss": TRUSTED, "iat": now, "exp": now + 3600, "software_id": "desk-4", "client_name": "Signed name"}
        made = {name: value for name, value in (said | changes).items() if value is not None}
        return raw_jws({"alg": "ES256", "typ": "JWT", "kid": self.key.kid}, made, signer)


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def provider(opened: Opened, tmp_path: Path, publisher: Publisher) -> Iterator[Provider]:
    path = tmp_path / "issuers.json"
    path.write_text(json.dumps({TRUSTED: {"keys": [publisher.public]}}), encoding="utf-8")
    with opened(software_statement_issuers=path) as running:
        yield running


def register(provider: Provider, statement: Any, **metadata: Any) -> TestResponse:
    token = provider.administration.clients.invite(TERMS)["initial_access_token"]
    body = {"client_name": "Own name", "redirect_uris": [CALLBACK], "software_statement": statement, **metadata}
    headers = {"Authorization": f"Bearer {token}"}
    return Client(provider.app).post("/register", json=body, headers=headers, base_url=ISSUER)


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]


INVALID, UNAPPROVED = (400, "invalid_software_statement"), (400, "unapproved_software_statement")


def test_2_3_the_statements_members_win_and_it_is_returned_unmodified(provider: Provider, publisher: Publisher) -> None:
    statement = publisher.statement(provider)
    answer = register(provider, statement, software_id="something else")
    assert answer.status_code == 201, answer.text
    assert (answer.json["client_name"], answer.json["software_id"]) == ("Signed name", "desk-4")
    assert answer.json["software_statement"] == statement  # §3.2.1
    assert not {"iss", "exp", "iat"} & answer.json.keys()
    [event] = provider.events("ClientRegistered")
    recorded = event["facts"]["software_statement"]
    assert (recorded["issuer"], recorded["software"]) == (TRUSTED, "desk-4")
    assert statement not in json.dumps(event)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"exp": "soon"},
        {"aud": "https://other.example"},
        {"aud": ["https://other.example"]},
        {"software_id": None},
        {"software_statement": "a.b.c"},
    ],
)
def test_3_2_2_a_statement_that_is_not_for_now_and_here_is_invalid(
    provider: Provider, publisher: Publisher, changes: dict[str, Any]
) -> None:
    assert refusal(register(provider, publisher.statement(provider, **changes))) == INVALID


def test_3_2_2_another_key_or_algorithm_is_invalid(provider: Provider, publisher: Publisher) -> None:
    assert refusal(register(provider, publisher.statement(provider, key=key_pair()[0]))) == INVALID
    head, body, _ = publisher.statement(provider).split(".")
    unsigned = raw_jws({"alg": "none", "typ": "JWT", "kid": publisher.key.kid}, {"iss": TRUSTED}, None)
    for statement in (unsigned, f"{head}.{body}.", "x", "a.b.c", "", 7, ["x"], {"iss": TRUSTED}):
        assert refusal(register(provider, statement)) == INVALID


@pytest.mark.parametrize("issuer", ["https://stranger.example", None, 7])
def test_3_2_2_a_stranger_is_unapproved(provider: Provider, publisher: Publisher, issuer: Any) -> None:
    assert refusal(register(provider, publisher.statement(provider, iss=issuer))) == UNAPPROVED


@pytest.mark.parametrize(
    "widening",
    [
        {"scope": "openid governance"},
        {"grant_types": ["client_credentials"]},
        {"tongban_organisation": "11500000DEM0015300"},
        {"tongban_profile": "baseline"},
        {"client_id": "chosen"},
        {"redirect_uris": ["http://market.example/callback"]},
        {"registration_access_token": "mine"},
    ],
)
def test_M1_a_statement_widens_no_invitation_and_passes_every_check(
    provider: Provider, publisher: Publisher, widening: dict[str, Any]
) -> None:
    answer = register(provider, publisher.statement(provider, **widening))
    assert answer.status_code == 400 or answer.json["client_id"] != "chosen"
    assert "governance" not in answer.json.get("scope", "")
    if "client_id" not in widening:
        assert answer.status_code == 400


def test_an_update_stays_under_a_statement(provider: Provider, publisher: Publisher) -> None:
    """RFC 7592 §2.2: the same statement, or another in force; its members win again."""
    shown = register(provider, publisher.statement(provider)).json
    path, never = shown["registration_client_uri"].removeprefix(ISSUER), ("registration", "client_id_issued")
    body = {name: value for name, value in shown.items() if not name.startswith((*never, "client_secret_expires"))}
    headers = {"Authorization": f"Bearer {shown['registration_access_token']}"}
    http = Client(provider.app)
    without = {name: value for name, value in body.items() if name != "software_statement"}
    assert http.put(path, json=without, headers=headers, base_url=ISSUER).status_code == 400
    changed = http.put(path, json=body | {"client_name": "Mine"}, headers=headers, base_url=ISSUER)
    assert (changed.status_code, changed.json["client_name"]) == (200, "Signed name")
    assert provider.events("ClientUpdated")[0]["facts"]["software_statement"]["issuer"] == TRUSTED


def test_without_issuers_every_statement_is_unapproved(opened: Opened, publisher: Publisher) -> None:
    with opened() as provider:
        assert refusal(register(provider, publisher.statement(provider))) == UNAPPROVED


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": {}}', '{"a": {"keys": []}}', '{"a": {"keys": [{}]}}'])
def test_an_issuers_file_that_says_nothing_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "issuers.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="issuer"):
        trusted(path)
