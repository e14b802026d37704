"""How forwarding is doing, as Prometheus metrics, read when they are asked for; a label is a word of our own code."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from exchange.store import forwardings
from kernel.database import Database, DatabaseUnavailable
from policies.forwarding import Status


class ForwardingMetrics(Collector):
    """Addresses by status, and what waits to be sent."""

    def __init__(self, database: Database) -> None:
        """Nothing is read before somebody asks."""
        self._database = database

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The families, empty: a registry asks for names when it is given the collector."""
        yield from _families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One sample a status and kind of thing that waits; none while the database cannot be reached."""
        addresses, waiting = _families()
        try:
            with self._database.read() as connection:
                statuses, unsent = forwardings.standing(connection)
        except DatabaseUnavailable:
            return
        for status in Status:
            if status is not Status.ENDED:
                addresses.add_metric([status.value], statuses.get(status.value, 0))
        for what, count in unsent.items():
            waiting.add_metric([what], count)
        yield from (addresses, waiting)


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily("tongban_forwardings", "Addresses of offices by status.", labels=["status"]),
        GaugeMetricFamily("tongban_forwarding_waiting", "Posts and messages that wait to be sent.", labels=["what"]),
    )
