"""/healthz, /readyz and /metrics."""

from __future__ import annotations

import socket
from urllib.request import urlopen

import pytest
from structlog.testing import capture_logs
from werkzeug.test import Client

from kernel.metrics import Metrics
from kernel.web.health import Health
from kernel.web.monitoring import serve_metrics

from .conftest import make_app


def fine():
    return None


def broken():
    raise ConnectionError("password=secret")


def test_alive_says_nothing_about_readiness():
    assert Client(make_app(health=Health({"database": broken}))).get("/healthz").json == {"status": "alive"}


def test_ready_names_every_check():
    answer = Client(make_app(health=Health({"database": fine, "ledger": fine}))).get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "checks": {"database": "passing", "ledger": "passing"}}


def test_not_ready_names_what_fails_and_keeps_why_to_the_log():
    with capture_logs() as logs:
        answer = Client(make_app(health=Health({"database": broken, "ledger": fine}))).get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json["checks"] == {"database": "failing", "ledger": "passing"}
    assert "secret" not in answer.text + repr(logs)
    assert logs[0]["check"] == "database"


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.9", {}, 404),
        ("", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"Via": "1.1 proxy"}, 404),
    ],
)
def test_metrics_are_for_direct_callers_on_this_machine_only(peer, headers, status):
    answer = Client(make_app()).get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == status


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_metrics_on_their_own_port_are_shared_by_workers_and_end_with_the_service(host):
    metrics = Metrics()
    metrics.observe("/thing", 200, 0.001)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    stops = [serve_metrics(metrics, f"{host}:{port}") for _ in range(2)]
    with urlopen(f"http://{host}:{port}/anything", timeout=5) as answer:
        assert 'route="/thing"' in answer.read().decode()
        assert answer.headers.get_content_type() == "text/plain"
    for stop in stops:
        stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host.strip("[]"), port), 1)


def test_metrics_need_an_address_that_is_one():
    with pytest.raises(ValueError, match="invalid literal"):
        serve_metrics(Metrics(), "9100x")
