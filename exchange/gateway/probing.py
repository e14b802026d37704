"""Active probes: a node asks the sources whose manifests say so whether they work, while nobody waits for the answer.

Each source has its own rhythm, shifted at random, so that the nodes of an installation do not ask all at once. A source
that is down does not make a node unready: what it holds is missing, everything else is served.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import structlog

from connectors.errors import SourceProblem
from connectors.source import Source
from kernel.clock import Clock
from kernel.entropy import Entropy

AT_ONCE = 4
"""Probes under way; a source that hangs holds up no more than one of them, up to its own deadline."""
_SHIFT = 0.2


class Probing:
    """The probes of one node. ``tick`` is called again and again by one thread."""

    def __init__(self, sources: Callable[[], Iterable[Source]], clock: Clock, entropy: Entropy) -> None:
        """Threads start with the first probe that is due."""
        self._sources = sources
        self._clock = clock
        self._entropy = entropy
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="probe")
        self._lock = threading.Lock()
        self._due: dict[Source, float] = {}

    def tick(self) -> int:
        """Begin the probes that are due; how many. A source that is new is asked after a part of its interval."""
        now = self._clock.monotonic()
        wanted = {source: source.probed_every for source in self._sources() if source.probed_every}
        with self._lock:
            self._due = {source: self._due.get(source, now + every * self._share()) for source, every in wanted.items()}
            due = [source for source, at in self._due.items() if at <= now]
            for source in due:
                self._due[source] = now + wanted[source] * (1 - _SHIFT + 2 * _SHIFT * self._share())
        for source in due:
            self._pool.submit(_ask, source)
        return len(due)

    def close(self) -> None:
        """Begin no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _share(self) -> float:
        return int.from_bytes(self._entropy.bytes(4), "big") / 2**32


def _ask(source: Source) -> None:
    try:
        source.probe()
    except SourceProblem as problem:
        log = structlog.get_logger(__name__)
        log.warning("source fails its probe", source=source.name, kind=problem.kind.code, reason=problem.reason)
