"""Two of our own providers, one vouching for people at the other: over real HTTP, found by discovery alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from idp.model.contact import Contact, ContactKind
from idp.model.person import NewPerson
from kernel.web.fastpath import WsgiApp
from tests.conftest import ENGINE
from tests.doubles.account import Account
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import PASSWORD, TOTP_SECRET, Provider, citizen, provider_at

CHEN = citizen(78)
HERE = "http://localhost:8499"
IDENTITY = "/account/identity"
NUMBER = Contact(ContactKind.PHONE, CHEN.value)
"""No provider of ours publishes citizen numbers (ADR 0011). In this test the upstream's `phone_number` is one."""


class _Quiet(WSGIRequestHandler):
    def log(self, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def served() -> Iterator[tuple[str, Callable[[WsgiApp], None]]]:
    """An address, and how to say who answers there: a provider knows its issuer before it exists."""
    answering: list[WsgiApp] = []
    server = make_server("127.0.0.1", 0, lambda *call: answering[0](*call), threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answering.append
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def there(one_database_url: str, tmp_path: Path) -> Iterator[Provider]:
    (tmp_path / "there").mkdir()
    with (
        served() as (address, answer),
        provider_at(one_database_url, tmp_path / "there", issuer=address) as running,
    ):
        answer(running.app)
        known = {"assurance": 3, "totp_secret": TOTP_SECRET, "subject": CHEN}
        running.administration.people.add(NewPerson("chen", "陈晨", PASSWORD, contacts=(NUMBER,), **known))
        yield running


@pytest.fixture
def here(there: Provider, fresh: Callable[[str], str], tmp_path: Path) -> Iterator[Provider]:
    client = there.register(
        redirect_uris=[f"{HERE}{IDENTITY}/upstream/province"],
        scope="openid profile phone",
        token_endpoint_auth_method="client_secret_basic",
    )
    (tmp_path / "secret").write_text(client["client_secret"], encoding="utf-8")
    (tmp_path / "here").mkdir()
    described = tmp_path / "upstreams.toml"
    described.write_text(
        f"""
        [[upstream]]
        name = "province"
        title = {{ zh = "省统一身份认证", en = "Provincial identity" }}
        issuer = "{there.settings.issuer}"
        client_id = "{client["client_id"]}"
        client_secret_file = "secret"
        scope = "openid profile phone"
        number_claim = "phone_number"
        levels = {{ "urn:tongban:loa:3" = 3 }}
        """,
        encoding="utf-8",
    )
    changes = {"issuer": HERE, "upstreams": described}
    with provider_at(fresh(ENGINE), tmp_path / "here", migrated=True, **changes) as running:
        running.clock.advance((there.clock.now() - running.clock.now()).total_seconds())
        running.administration.people.add(NewPerson("xiaochen", "小陈", PASSWORD))
        yield running


def visit(here: Provider, there: Provider, decision: str = "allow") -> Any:
    """Off from one's account, every page of the other provider, and home."""
    account = Account(here, "xiaochen")
    account.open(IDENTITY)
    sent = account.browser.get(f"{IDENTITY}/upstream/province/begin")
    assert sent.status_code == 303, sent.text
    away = Browser(there)
    away.walk(sent.headers["Location"], username="chen", decision=decision)
    assert away.left_for is not None
    assert away.left_for.startswith(HERE)
    here.clock.advance((there.clock.now() - here.clock.now()).total_seconds())
    return account.browser.get(away.left_for)


def test_our_own_provider_raises_a_level_at_another_of_ours(here: Provider, there: Provider) -> None:
    done = visit(here, there)
    assert (done.status_code, done.headers.get("Location")) == (303, IDENTITY), done.text
    person = here.person("xiaochen")
    assert (person.assurance, person.name) == (3, "陈晨")
    [entry] = here.events("IdentityProven")
    assert entry["facts"]["verifier"] == "province"


def test_who_does_not_allow_it_there_stays_as_they_were(here: Provider, there: Provider) -> None:
    told = visit(here, there, decision="deny")
    assert told.status_code == 422
    assert "没有完成" in told.text
    assert here.person("xiaochen").assurance == 1
