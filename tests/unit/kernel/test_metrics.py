"""Metrics: one registry for each service, and labels that no caller chooses."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from kernel.metrics import CONTENT_TYPE, Metrics


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def test_requests_are_counted_by_route_pattern_and_status_class() -> None:
    metrics = Metrics()
    for status in (200, 201, 404):
        metrics.observe("/v1/cases/<case>", status, 0.02)
    metrics.observe(None, 404, 0.001)
    found = samples(metrics)
    assert found["tongban_http_requests_total", "/v1/cases/<case>", "2xx"] == 2
    assert found["tongban_http_requests_total", "/v1/cases/<case>", "4xx"] == 1
    assert found["tongban_http_requests_total", "4xx", "unmatched"] == 1
    assert found["tongban_http_request_seconds_count", "/v1/cases/<case>", "2xx"] == 2
    assert found["tongban_http_request_seconds_bucket", "/v1/cases/<case>", "0.01", "2xx"] == 0
    assert found["tongban_http_request_seconds_bucket", "/v1/cases/<case>", "0.025", "2xx"] == 2


def test_a_room_adds_its_own_and_services_do_not_share() -> None:
    metrics, other = Metrics(), Metrics()
    metrics.counter("ledger_entries", "Entries appended.", ("event",)).labels("released").inc()
    metrics.gauge("policy_epoch", "Current epoch.").set(7)
    metrics.histogram("source_seconds", "Time of a source.", ("connector",)).labels("x").observe(0.3)
    found = samples(metrics)
    assert found["tongban_ledger_entries_total", "released"] == 1
    assert found["tongban_policy_epoch",] == 7
    assert found["tongban_source_seconds_sum", "x"] == 0.3
    assert "policy_epoch" not in other.render().decode()
    assert CONTENT_TYPE.startswith("text/plain")
