"""/healthz, /readyz and /metrics."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs
from werkzeug.test import Client

from kernel.metrics import Metrics
from kernel.web.health import Health
from kernel.web.monitoring import metrics_app

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


def test_metrics_on_their_own_port():
    metrics = Metrics()
    metrics.observe("/thing", 200, 0.001)
    answer = Client(metrics_app(metrics)).get("/anything")
    assert 'route="/thing"' in answer.text
    assert answer.mimetype == "text/plain"
