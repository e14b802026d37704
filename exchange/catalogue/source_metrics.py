"""How every source is doing, as Prometheus metrics, read when they are asked for.

A label is a connector's name from the catalogue, a measure or a kind of change from our own code, never anybody's data.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from connectors.quality import Quality
from connectors.source import Source
from exchange.catalogue.sources import Sources

_CHANGES = ("vanished", "renamed", "type", "format", "encoding", "width", "new")


class SourceMetrics(Collector):
    """A collector over the sources that are open."""

    def __init__(self, sources: Sources) -> None:
        """Nothing is asked of a source: what is told is what it answered to others."""
        self._sources = sources

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The families, empty: a registry asks for names when it is given the collector."""
        yield from _families().values()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One sample a source and measure; a measure that no answer told of has none."""
        families = _families()
        for source in self._sources.listed():
            _add(families, source)
        yield from families.values()


def _families() -> dict[str, GaugeMetricFamily]:
    told = {
        "up": ("Whether look-ups pass (1), or the source is left alone (0).", []),
        "failures": ("Look-ups that failed in a row.", []),
        "in_flight": ("Look-ups under way.", []),
        "copy_as_of_seconds": ("When the copy that it answers from was true, in seconds since 1970.", []),
        "copy_stuck": ("Whether no newer copy can be made, because the place of its files is out of reach.", []),
        "quality": ("Share of the last answers, from 0 to 1.", ["measure"]),
        "changes": ("Changes of the source's shape since it was described.", ["kind"]),
    }
    return {
        name: GaugeMetricFamily(f"tongban_source_{name}", words, labels=["source", *more])
        for name, (words, more) in told.items()
    }


def _add(families: dict[str, GaugeMetricFamily], source: Source) -> None:
    health, name = source.health(), source.name
    families["up"].add_metric([name], 0.0 if health.state == "open" else 1.0)
    families["failures"].add_metric([name], health.failures)
    families["in_flight"].add_metric([name], source.in_flight)
    if (standing := source.standing) is not None:
        families["copy_stuck"].add_metric([name], 1.0 if standing.trouble else 0.0)
        if standing.as_of is not None:
            families["copy_as_of_seconds"].add_metric([name], standing.as_of.timestamp())
    for measure, value in _measures(source.watch.quality()):
        families["quality"].add_metric([name, measure], value)
    changes = source.watch.changes()
    for kind in _CHANGES:
        families["changes"].add_metric([name, kind], sum(change.count for change in changes if change.kind == kind))


def _measures(quality: Quality) -> Iterator[tuple[str, float]]:
    for measure in ("completeness", "validity", "timeliness", "codes"):
        value: float | None = getattr(quality, measure)
        if value is not None:
            yield measure, value
