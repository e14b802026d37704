"""One look-up, watched from beginning to end: what was asked, what came, what each field became.

For whoever describes a source and wants to see it work before anybody depends on it. The limits are the source's own;
nothing is shown here: what may be seen of a person is for the caller to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.adapters import Adapter
from connectors.base import Connector, Copying, Query, Record
from connectors.errors import SourceProblem
from connectors.manifest import ConnectorManifest
from connectors.mapping import Reading
from connectors.registry import opened
from connectors.source import Retrieved, Source
from kernel.canonical import JSON
from kernel.clock import Clock


@dataclass(frozen=True, slots=True)
class Trial:
    """A look-up that was watched.

    Attributes:
        manifest: of the source.
        seconds: the look-up took.
        records: what came, in the source's words.
        readings: for each of them, how each of our fields was read.
        answer: what the source's guard made of it all, or `problem`.
    """

    manifest: ConnectorManifest
    seconds: float
    records: Sequence[Record] = field(repr=False)
    readings: Sequence[Sequence[Reading]] = field(repr=False)
    answer: Retrieved | None
    problem: SourceProblem | None


class _Watched:
    """A connector that notes what it answers in ``came``."""

    def __init__(self, connector: Connector, came: list[tuple[Record, ...]]) -> None:
        self._connector = connector
        self._came = came
        self.kind = connector.kind
        self.keeps_deadline = connector.keeps_deadline

    def fetch(self, query: Query) -> tuple[Record, ...]:
        self._came.append(self._connector.fetch(query))
        return self._came[-1]

    def close(self) -> None:
        self._connector.close()


def attempt(
    manifest: Mapping[str, JSON],
    query: Query,
    *,
    secrets: Callable[[str], str],
    roots: Sequence[Path],
    clock: Clock,
    adapters: Mapping[str, Adapter],
    cache: Path | None = None,
    recorded_codes: frozenset[str] = frozenset(),
) -> Trial:
    """Look a subject up in the source of a manifest, and close it again. Raises: SourceMisconfigured, as `opened`."""
    found = opened(
        manifest,
        secrets=secrets,
        roots=roots,
        clock=clock,
        adapters=adapters,
        cache=cache,
        recorded_codes=recorded_codes,
    )
    parsed, connector = found.manifest, found.connector
    if isinstance(connector, Copying):
        connector.prepare(query.deadline)
    came: list[tuple[Record, ...]] = [()]
    watched = _Watched(connector, came)
    partial = {empty: _Watched(one, came) for empty, one in found.partial.items()}
    answer, problem = None, None
    with Source(parsed, watched, clock, partial) as source:
        began = clock.monotonic()
        try:
            answer = source.retrieve(query)
        except SourceProblem as met:
            problem = met
        seconds = clock.monotonic() - began
    readings = tuple(parsed.mapping.explain(record.values) for record in came[-1])
    return Trial(parsed, seconds, came[-1], readings, answer, problem)
