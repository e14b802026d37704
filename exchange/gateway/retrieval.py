"""Asking the sources: every evidence type of a request at once, each look-up once, all within one deadline."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from types import MappingProxyType

import structlog

from connectors.base import Query
from connectors.errors import SourceNeedsAnswers, SourceProblem, SourceTimedOut
from connectors.further import Further
from connectors.source import Retrieved, Source
from exchange import errors
from exchange.gateway.enforcement import Permitted
from kernel.clock import Clock
from kernel.identifiers.subject import SubjectRef
from kernel.problems import ProblemKind

DEADLINE_SECONDS = 8.0
"""For all look-ups of one request together."""
MOST_AT_ONCE = 192
"""Threads that ask sources on behalf of all requests of this process; they start as they are needed."""
SHARE = 12
"""Of them, those that may ask one and the same source: sixteen may hang before anybody else waits for a thread."""

LookUp = tuple[str, SubjectRef]
"""Evidence type and subject."""


NOTHING_TOLD: Mapping[str, str] = MappingProxyType({})
"""No answers of a person to further questions: nobody was asked any."""
_PASSING = frozenset({503, 504})


@dataclass(frozen=True, slots=True)
class NoRecord:
    """Nothing came: why, as a problem kind; ``further`` are questions that the source itself has to the person."""

    kind: ProblemKind
    further: Further | None = None

    @property
    def may_pass(self) -> bool:
        """Whether the source was in trouble: nothing was learnt from it, and asking again later may help."""
        return self.kind.status in _PASSING


Finding = Retrieved | NoRecord
Findings = Mapping[LookUp, Finding]


class Retrieval:
    """Shares its threads among all requests. A single look-up needs none of them. Safe for threads.

    A source has no more of them than its share. What finds none is asked by its caller's own thread, who would have to
    wait for that source anyway; callers of other sources never do.
    """

    def __init__(
        self, clock: Clock, *, deadline: float = DEADLINE_SECONDS, threads: int = MOST_AT_ONCE, share: int = SHARE
    ) -> None:
        """``deadline`` in seconds. Threads start when the first request with several look-ups comes."""
        self._clock = clock
        self._deadline = deadline
        self._share = share
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="retrieval")

    def deadline(self) -> float:
        """When all look-ups of a request that begins now end, by the monotonic clock."""
        return self._clock.monotonic() + self._deadline

    def retrieve(self, permitted: Iterable[Permitted], sources: Mapping[str, Source], ends: float) -> Findings:
        """What the sources say about every permitted item until ``ends``.

        Never raises: a source that fails is a finding, too.
        """
        wanted = {(one.item.type, one.concerned.subject): one.item.answers or NOTHING_TOLD for one in permitted}
        first, *others = wanted or [None]
        waiting = {one: self._handed_over(one, sources, ends) for one in others if one is not None}
        own = [one for one in wanted if one == first or waiting.get(one) is None]
        found = {one: self.look_up(one, sources, ends, wanted[one]) for one in own}
        return found | {one: self._collect(future, ends) for one, future in waiting.items() if future}

    def _handed_over(self, one: LookUp, sources: Mapping[str, Source], ends: float) -> Future[Finding] | None:
        """The look-up on a thread of the pool; None where its source has its share of them."""
        kind, _ = one
        with self._lock:
            if self._held[kind] >= self._share:
                return None
            self._held[kind] += 1
        future = self._pool.submit(self.look_up, one, sources, ends)
        future.add_done_callback(lambda _: self._given_back(kind))
        return future

    def _given_back(self, kind: str) -> None:
        with self._lock:
            self._held[kind] -= 1

    def close(self) -> None:
        """End the threads; look-ups not yet begun are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def look_up(
        self, wanted: LookUp, sources: Mapping[str, Source], ends: float, told: Mapping[str, str] = NOTHING_TOLD
    ) -> Finding:
        """What one source says until ``ends``, on the caller's thread. Never raises.

        ``told``: the person's answers to its further questions.
        """
        kind, subject = wanted
        source = sources.get(kind)
        left = ends - self._clock.monotonic()
        if source is None:
            return NoRecord(errors.SOURCE_MISSING)
        if left <= 0:
            return NoRecord(SourceTimedOut.kind)
        try:
            return source.retrieve(Query(subject, told, left))
        except SourceProblem as trouble:
            log = structlog.get_logger(__name__)
            log.warning("source gave no answer", source=trouble.source, kind=trouble.kind.code, reason=trouble.reason)
            return NoRecord(trouble.kind, trouble.further if isinstance(trouble, SourceNeedsAnswers) else None)

    def _collect(self, future: Future[Finding], ends: float) -> Finding:
        try:
            return future.result(timeout=max(0.0, ends - self._clock.monotonic()))
        except NotInTime:
            future.cancel()
            return NoRecord(SourceTimedOut.kind)
