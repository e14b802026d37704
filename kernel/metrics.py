"""Prometheus metrics: one registry for each service, no global state, no personal data in labels.

A label is a route's pattern, a status class or a name from our own code, never anything a caller sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE

__all__ = ["CONTENT_TYPE", "Metrics"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_UNKNOWN_ROUTE = "unmatched"


@dataclass(frozen=True, slots=True)
class _Children:
    """The label children of one route and status class: looking them up costs more than using them."""

    requests: Counter
    seconds: Histogram


class Metrics:
    """What one service counts; ``registry`` is open for what a room wants to add."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Make the request metrics in ``registry``, or in a fresh one."""
        self.registry = registry or CollectorRegistry()
        self._kept: dict[tuple[str, int], _Children] = {}
        self._requests = Counter(
            "tongban_http_requests_total", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "tongban_http_request_seconds",
            "Time from request to answer.",
            ["route", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )

    def observe(self, route: str | None, status: int, seconds: float) -> None:
        """Count one answered request: ``route`` is the pattern (``/v1/cases/<case>``), None where nothing matched."""
        kept = self._kept.get((route or _UNKNOWN_ROUTE, status // 100))
        if kept is None:
            kept = self._keep(route or _UNKNOWN_ROUTE, status // 100)
        kept.requests.inc()
        kept.seconds.observe(seconds)

    def _keep(self, route: str, status_class: int) -> _Children:
        labels = (route, f"{status_class}xx")
        children = _Children(self._requests.labels(*labels), self._seconds.labels(*labels))
        self._kept[route, status_class] = children
        return children

    def counter(self, name: str, documentation: str, labels: tuple[str, ...] = ()) -> Counter:
        """A counter of a room's own, called ``tongban_<name>_total``."""
        return Counter(f"tongban_{name}", documentation, labels, registry=self.registry)

    def gauge(self, name: str, documentation: str, labels: tuple[str, ...] = ()) -> Gauge:
        """A gauge of a room's own, called ``tongban_<name>``."""
        return Gauge(f"tongban_{name}", documentation, labels, registry=self.registry)

    def histogram(self, name: str, documentation: str, labels: tuple[str, ...] = ()) -> Histogram:
        """A histogram of seconds of a room's own, called ``tongban_<name>``."""
        return Histogram(f"tongban_{name}", documentation, labels, buckets=_SECONDS, registry=self.registry)

    def render(self) -> bytes:
        """Everything in the Prometheus text format; serve it as ``CONTENT_TYPE``."""
        return generate_latest(self.registry)
