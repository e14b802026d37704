"""The exchange as a service: what it opens, what it refuses to start on, what it does in the background."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from sqlalchemy import Connection
from structlog.testing import capture_logs
from werkzeug.test import Client

from connectors.registry import STANDARD
from exchange.app import PACKAGE, issuer_fetch, ledger_origin, open_service, source_builder, translate
from exchange.authentication.fetching import IssuerUnreachable
from exchange.authentication.issuer import Issuer
from exchange.authentication.revocations import RevocationFeed
from exchange.authentication.security_log import SecurityLog
from exchange.catalogue.search.shelves import NotBegun
from exchange.store import catalogue, epoch
from kernel import migrations
from kernel.background import Ticker
from kernel.clock import ManualClock, SystemClock
from kernel.database import Database, DatabaseUnavailable
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing
from kernel.lease import LeaseLost
from kernel.ledger.errors import LedgerOwned, LedgerUnavailable
from kernel.logging import redact
from kernel.metrics import Metrics
from kernel.outbound import OutboundClient
from kernel.settings import ExchangeSettings, SettingsError
from kernel.web.http import HttpRequest
from tests.doubles.exchange import ISSUER, NOW, World, organisation
from tests.doubles.identity_provider import credit_code


class Provider(BaseHTTPRequestHandler):
    """An identity provider of two documents, on a real socket."""

    def do_GET(self) -> None:
        origin = f"http://127.0.0.1:{self.server.server_port}"
        if self.path == "/.well-known/oauth-authorization-server":
            body = {"issuer": origin, "jwks_uri": f"{origin}/jwks", "tongban_revocations_endpoint": f"{origin}/feed"}
        else:
            body = {"keys": []}
        self.send_response(404 if self.path == "/missing" else 200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_arguments: object) -> None:
        """Silence."""


@pytest.fixture
def provider():
    server = HTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def installed(url: str, tmp_path: Path, issuer: str = "http://127.0.0.1:9") -> ExchangeSettings:
    KeyRing.create(tmp_path / "keys", clock=SystemClock(), entropy=SystemEntropy())
    migrations.upgrade(url, PACKAGE)
    return ExchangeSettings(database_url=url, key_dir=tmp_path / "keys", issuer=issuer)


def eventually(holds: Callable[[], bool]) -> bool:
    for _ in range(200):
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_it_starts_without_its_issuer_and_says_so(one_database_url: str, tmp_path: Path) -> None:
    service = open_service(installed(one_database_url, tmp_path))
    try:
        client = Client(service.app)
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json["checks"]["revocation-feed"]) == (503, "failing")
        assert ready.json["checks"]["policy-epoch"] == "passing"
        assert client.get("/v1/catalogue/organisations").json["total"] == 0
    finally:
        service.close()


def test_a_large_import_is_found_by_a_node_that_nobody_told(one_database_url: str, tmp_path: Path) -> None:
    """Written by another process, and more than a question waits for: the node's own thread follows."""
    service = open_service(installed(one_database_url, tmp_path))
    database = Database.open(one_database_url)

    def imported(connection: Connection) -> None:
        documents = [organisation(credit_code(n), "成批部门") for n in range(30)]
        for one in documents:
            del one["spec"]["division"]
        catalogue.replace(connection, documents, NOW)
        epoch.advance(connection, catalogue=True)

    def found() -> int:
        return Client(service.app).get("/v1/catalogue/organisations", query_string={"q": "成批"}).json["total"]

    try:
        assert found() == 0  # an index of the catalogue before
        database.write(imported)
        assert eventually(lambda: found() == 30)
    finally:
        database.close()
        service.close()


def test_one_embedded_log_is_served_by_one_process(tmp_path: Path) -> None:
    settings = installed(f"sqlite:///{tmp_path / 'exchange.sqlite3'}", tmp_path)
    service = open_service(settings)
    try:
        with pytest.raises(LedgerOwned):
            open_service(settings)
    finally:
        service.close()
    open_service(settings).close()


def test_it_refuses_to_start_on_tables_that_are_not_the_newest(one_database_url: str, tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys", clock=SystemClock(), entropy=SystemEntropy())
    with pytest.raises(SettingsError, match="db upgrade"):
        open_service(ExchangeSettings(database_url=one_database_url, key_dir=tmp_path / "keys"))


def test_documents_of_the_issuer_come_from_its_own_host_only(provider: str) -> None:
    fetch = issuer_fetch(provider, OutboundClient())
    assert json.loads(fetch(f"{provider}/jwks")) == {"keys": []}
    for url in (
        f"{provider}/missing",
        "http://localhost:1/jwks",
        provider.replace("http", "https"),
        "file:///etc/passwd",
    ):
        with pytest.raises(IssuerUnreachable):
            fetch(url)


def test_an_issuer_is_read_over_a_real_socket(provider: str) -> None:
    issuer = Issuer(provider, fetch=issuer_fetch(provider, OutboundClient()), clock=SystemClock())
    assert issuer.key_set().keys == ()
    assert issuer.endpoint("tongban_revocations_endpoint") == f"{provider}/feed"


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        (b"[]", "not-a-json-object"),
        (b"{", "not-a-json-object"),
        (b'{"issuer": "http://other.test"}', "metadata-of-another-issuer"),
        (b'{"issuer": "http://issuer.test"}', "metadata-without-jwks_uri"),
        (b'{"issuer": "http://issuer.test", "jwks_uri": "http://evil.test/keys"}', "metadata-without-jwks_uri"),
    ],
)
def test_metadata_that_is_not_the_issuers_is_not_followed(metadata: bytes, reason: str) -> None:
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return metadata

    with pytest.raises(IssuerUnreachable) as caught:
        Issuer(ISSUER, fetch=fetch, clock=ManualClock(NOW)).key_set()
    assert caught.value.reason == reason
    assert len(fetched) == 1


def test_keys_that_are_none_leave_the_known_ones_in_force(small_world: World) -> None:
    issuer = small_world.rooms.issuer
    known = issuer.key_set()
    inner = issuer._fetch
    issuer._fetch = lambda url: b'{"keys": 7}' if url.endswith("/jwks") else inner(url)
    issuer.refresh()
    assert issuer.key_set() is known
    fresh = Issuer(ISSUER, fetch=issuer._fetch, clock=small_world.clock)
    with pytest.raises(IssuerUnreachable, match="jwks-malformed"):
        fresh.refresh()


@pytest.mark.parametrize(
    "claims",
    [
        {"version": "1"},
        {"version": True},
        {"revoked": []},
        {"revoked": {"jti": [], "sid": []}},
        {"revoked": {"jti": [7], "sid": [], "clients": []}},
        {"revoked": {"jti": [], "sid": [], "clients": [], "withdrawn": [7]}},
        {"aud": "http://another.test"},
        {"iat": 1_700_000_000, "exp": 1_700_000_005},
        {"exp": 1_900_000_000},
    ],
)
def test_a_feed_that_is_not_one_renews_no_lease(small_world: World, claims: dict) -> None:
    inner = small_world.issuer.feed
    small_world.issuer.feed = lambda: inner(**claims)
    with pytest.raises(IssuerUnreachable, match="revocations-"):
        small_world.rooms.revocations.renew()


def test_an_older_feed_is_a_replay_and_un_revokes_nothing(small_world: World) -> None:
    small_world.issuer.version = 9
    small_world.rooms.revocations.renew()
    small_world.issuer.version = 8
    with pytest.raises(IssuerUnreachable, match="revocations-older-than-known"):
        small_world.rooms.revocations.renew()


def test_a_feed_signed_by_a_newer_key_is_read_with_it(small_world: World) -> None:
    from kernel.entropy import SeededEntropy

    feed = RevocationFeed(small_world.rooms.issuer, audience="http://exchange.test", clock=small_world.clock, leeway=10)
    feed.read()
    small_world.clock.advance(60)
    small_world.issuer.key = small_world.issuer.new_key(SeededEntropy(77))
    small_world.issuer.published.append(small_world.issuer.key)
    assert feed.read().version == 1


def test_the_logs_name_is_its_address_without_scheme() -> None:
    assert ledger_origin("https://exchange.example") == "exchange.example/v1/ledger"
    assert ledger_origin("http://127.0.0.1:8401") == "127.0.0.1:8401/v1/ledger"


def test_a_source_that_needs_an_unknown_secret_is_misconfigured(tmp_path: Path) -> None:
    from connectors.errors import SourceMisconfigured

    build = source_builder(ExchangeSettings(source_secrets=tmp_path), SystemClock(), STANDARD)
    manifest = {
        "kind": "Connector",
        "metadata": {"name": "x"},
        "spec": {
            "evidence_type": "x",
            "adapter": "sql",
            "trust_grade": "A",
            "sql": {"url_secret": "missing", "table": "t", "subject_column": "id"},
            "mapping": {"fields": {"name": {"column": "name"}}},
        },
    }
    with pytest.raises(SourceMisconfigured, match="misconfigured"):
        build(manifest)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LedgerUnavailable("x"), "ledger.unavailable"),
        (DatabaseUnavailable("x"), "database.unavailable"),
        (LeaseLost(), "policy.stale-epoch"),
        (IssuerUnreachable("x"), "token.issuer-unreachable"),
        (NotBegun(), "catalogue.search-not-ready"),
    ],
)
def test_whatever_cannot_be_reached_is_503_and_asks_to_come_back(error: Exception, code: str) -> None:
    answer = translate(error, HttpRequest("GET", "/"))
    assert answer is not None
    assert (answer.status, json.loads(answer.body)["code"], answer.header("Retry-After")) == (503, code, "1")
    assert translate(ValueError("x"), HttpRequest("GET", "/")) is None


def test_a_ticker_goes_on_after_a_failure_and_ends_when_told() -> None:
    ran: list[int] = []
    failing = threading.Event()

    def task() -> None:
        ran.append(1)
        if not failing.is_set():
            failing.set()
            raise OSError("once")

    ticker = Ticker("test", 0.005, task)
    ticker.start()
    assert eventually(lambda: len(ran) >= 3)
    ticker.stop()
    count = len(ran)
    time.sleep(0.03)
    assert len(ran) == count
    Ticker("never started", 1.0, task).stop()


def test_strangers_are_counted_always_and_logged_once_a_second() -> None:
    metrics, clock = Metrics(), ManualClock(NOW)
    log = SecurityLog(metrics, clock)
    with capture_logs(processors=[redact]) as logged:
        for _ in range(5):
            log.refused("token.invalid")
        clock.advance(1.0)
        log.refused("token.invalid")
        log.refused("token.missing")
    assert [(line["reason"], line["suppressed"]) for line in logged] == [
        ("token.invalid", 0), ("token.invalid", 4), ("token.missing", 0),
    ]  # fmt: skip
    written = generate_latest(metrics.registry).decode()
    assert 'tongban_token_refusals_total{code="token.invalid"} 6.0' in written
    assert 'tongban_token_refusals_total{code="token.missing"} 1.0' in written


def test_housekeeping_forgets_stale_proofs_and_keeps_the_rest(small_world: World) -> None:
    def proofs() -> int:
        with small_world.outside.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM seen_proof").scalar() or 0)

    small_world.open_case()
    assert proofs() > 0
    small_world.rooms.tidy()
    before = proofs()
    small_world.clock.advance(200)  # stale here, and perhaps not yet by another node's clock
    small_world.rooms.tidy()
    assert proofs() == before
    small_world.clock.advance(100)
    small_world.open_case()
    small_world.rooms.tidy()
    assert (before > 1, proofs()) == (True, 1)
