"""One source under its limits: the only thing a look-up outside this room is made through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Self, TypeVar

from connectors.base import CertificateWord, Connector, Copying, Enumerable, Query, Record, Standing
from connectors.errors import SourceGarbled, SourceNeedsAnswers, SourceProblem, SourceTooLarge, SourceUnavailable
from connectors.further import ATTEMPTS, passed_on
from connectors.manifest import ConnectorManifest
from connectors.mapping import Mapped
from connectors.quality import Check, Watch
from connectors.resilience import Breaker, Bulkhead, Deadline, Health, Pace, Remembered
from connectors.several import settle
from connectors.templates import askable
from kernel.canonical import JSON
from kernel.clock import Clock

T = TypeVar("T")


class Outcome(StrEnum):
    """What a look-up that succeeded says."""

    FOUND = "found"
    NOT_FOUND = "not-found"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What a source answered, in our words.

    Attributes:
        outcome: whether the source holds a record; NOT_FOUND is an answer of the source, not a failure; LATER says that
            somebody will answer, and that nothing is known yet.
        values: our fields; a field for which the source has no value is absent. Empty unless FOUND.
        source_time: when the source says its data was true, or None where it does not say.
        retrieved_at: when the answer was complete here.
        times: when single fields were true, where the mapping names a place for that.
        certificate: how another exchange says that the certificate stands that this is.
    """

    outcome: Outcome
    values: Mapping[str, JSON] = field(repr=False)
    source_time: datetime | None
    retrieved_at: datetime
    times: Mapping[str, datetime] = field(default_factory=dict)
    certificate: CertificateWord | None = None


class Source:
    """One source under its limits: deadline, byte limit, concurrency limit, breaker and mapping. Safe for threads.

    ``responder``: the adapter's settings where a person answers later, otherwise None. ``further``: what the person may
    be asked; their answers are the parameters of a query. ``relays``: names of questions that no manifest has, as the
    source (another exchange) asks them itself, and whose answers may go to it.
    """

    def __init__(
        self,
        manifest: ConnectorManifest,
        connector: Connector,
        clock: Clock,
        partial: Mapping[frozenset[str], Connector] = MappingProxyType({}),
    ) -> None:
        """``partial`` ask without the answers of these names; where there is none, the connector itself does."""
        limits = manifest.limits
        self.name = manifest.name
        self.evidence_type = manifest.evidence_type
        self.trust_grade = manifest.trust_grade
        self.fields = manifest.fields
        self.responder = manifest.settings if manifest.adapter.answers_later else None
        self.further = manifest.further
        self.relays = frozenset() if manifest.adapter.relays is None else manifest.adapter.relays(manifest.settings)
        self._connector = connector
        self._partial = partial
        self._first = self._without(frozenset())
        self._mapping = manifest.mapping
        self._choice = manifest.choice
        self._gather = manifest.gather
        self._limits = limits
        self._probe = manifest.probe
        self._cache = manifest.cache
        self._remembered: Remembered[Retrieved] | None = None
        ahead = connector.reshaped if isinstance(connector, Copying) else tuple
        self.watch = Watch(manifest.name, manifest.mapping, clock, ahead)
        self._pace = Pace(clock, interval=limits.interval, wait_seconds=limits.wait)
        self._clock = clock
        self._breaker = Breaker(clock, threshold=limits.failures, open_seconds=limits.open_seconds)
        self._bulkhead = Bulkhead(manifest.name, limit=limits.concurrency, wait_seconds=limits.wait)

    @property
    def attempts(self) -> int:
        """How many wrong answers about one person it bears within `further.PERIOD_HOURS`; 0: it asks nobody."""
        if self.further is not None:
            return self.further.attempts
        return ATTEMPTS if self.relays else 0

    def told(self, answers: Mapping[str, object]) -> Mapping[str, str]:
        """What it is told of answers that somebody passes on. Raises: UnusableAnswers."""
        return passed_on(answers, self.relays) if self.further is None else self.further.read(answers)

    def retrieve(self, query: Query) -> Retrieved:
        """Look up one subject. Raises: SourceProblem, with `source` set to this source's name."""
        return self._guarded(lambda: self._retrieve(query))

    @property
    def enumerable(self) -> bool:
        """Whether it can say of whom it holds records."""
        return isinstance(self._first, Enumerable) and self._first.lists

    def subjects(self, after: str, limit: int) -> tuple[str, ...]:
        """Of whom it holds records, in its own order behind one of them ("" for the first). Raises: SourceProblem."""
        return self._guarded(lambda: self._subjects(after, limit))

    def _subjects(self, after: str, limit: int) -> tuple[str, ...]:
        connector = self._first
        if not isinstance(connector, Enumerable):
            raise SourceUnavailable("cannot-list")
        deadline = Deadline(self._clock, self._limits.deadline)
        with self._breaker.watch():
            self._pace.take(deadline)
            run = self._bulkhead.run if self._connector.keeps_deadline else self._bulkhead.run_apart
            return run(lambda left: self._listed(connector, after, limit, left), deadline)

    def _listed(self, connector: Enumerable, after: str, limit: int, left: float) -> tuple[str, ...]:
        try:
            return connector.subjects(after, limit, left)
        except SourceProblem:
            raise
        except Exception as error:  # noqa: BLE001 - law 8, as for a look-up
            raise SourceUnavailable(f"unexpected-{type(error).__name__}") from None

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except SourceProblem as error:
            problem = error
        if isinstance(problem, SourceGarbled):
            self.watch.garbled(problem)
        # Raised outside the handler, so that nothing a driver said hangs on to it: law 8.
        problem.source = self.name
        problem.__cause__ = problem.__context__ = None
        raise problem.with_traceback(None)

    def expect(self, conforms: Check | None, cycle: timedelta | None) -> None:
        """What the evidence type demands of an answer, and the owner's update cycle, which bounds what is remembered.

        Without a cycle nothing is remembered, whatever the manifest says.
        """
        self.watch.expect(conforms, cycle)
        if self._cache is None or cycle is None:
            self._remembered = None
            return
        seconds = min(self._cache.seconds, cycle.total_seconds())
        if self._remembered is None or self._remembered.seconds != seconds:
            self._remembered = Remembered(self._clock, seconds)

    def forget(self) -> None:
        """Remember no answer any longer: something about people, grants or records has changed."""
        if self._remembered is not None:
            self._remembered.clear()

    @property
    def probed_every(self) -> int | None:
        """Seconds between two probes that the manifest asks for; None where it asks for none."""
        return self._probe.every

    def prepare(self, seconds: float) -> None:
        """Be ready to be asked, for whoever is willing to wait so long; most sources always are."""
        if isinstance(self._connector, Copying):
            self._connector.prepare(seconds)

    def probe(self) -> Outcome:
        """Ask about the manifest's probe now, also while the source is left alone. Raises: SourceProblem."""
        told = self.further.examples if self.further is not None and self.further.always else {}
        query = Query(self._probe.subject, told, self._limits.deadline)
        return self._guarded(lambda: self._probed(query))

    def read(self, record: Record) -> Retrieved:
        """What a record says that somebody typed in. Raises SourceProblem, which counts nowhere: it is mended."""
        try:
            return self._answer((record,))
        except SourceProblem as problem:
            problem.source = self.name
            raise

    @property
    def standing(self) -> Standing | None:
        """How old the copy is that it answers from, and whether a newer could be made; None: it is asked each time."""
        return self._connector.standing() if isinstance(self._connector, Copying) else None

    def health(self) -> Health:
        """How the source has been doing lately."""
        return self._breaker.health()

    @property
    def in_flight(self) -> int:
        """Look-ups under way, those whose callers have left included."""
        return self._bulkhead.in_flight

    def close(self) -> None:
        """Release connections, handles and threads; afterwards `retrieve` raises SourceUnavailable.

        Whatever closing one of several connectors ends with, the others are closed, too.
        """
        with ExitStack() as left:
            left.callback(self.forget)
            left.callback(self._connector.close)
            for one in self._partial.values():
                left.callback(one.close)
            self._bulkhead.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _retrieve(self, query: Query) -> Retrieved:
        if not askable(query):
            return self._nothing()
        if self.responder is not None:
            return Retrieved(Outcome.LATER, {}, None, self._clock.now())
        if self.further is not None and self.further.always and not query.parameters:
            raise SourceNeedsAnswers("further-questions")
        remembered = None if query.parameters else self._remembered  # what somebody told is kept nowhere
        if remembered is not None and (held := remembered.find(query)) is not None:
            return held
        generation = 0 if remembered is None else remembered.generation
        with self._breaker.watch():
            records = self._fetch(query)
        answer = self._answer(records)
        if remembered is not None and self._cache and (answer.outcome is Outcome.FOUND or self._cache.not_found):
            remembered.keep(query, answer, generation)
        return answer

    def _probed(self, query: Query) -> Outcome:
        if self.responder is not None:
            return Outcome.LATER
        with self._breaker.watch(probing=True):
            records = self._fetch(query)
        return self._answer(records).outcome

    def _fetch(self, query: Query) -> tuple[Record, ...]:
        """The source's records, watched for what speaks about its shape; asked once more where that is allowed."""
        deadline = Deadline(self._clock, min(query.deadline, self._limits.deadline))
        try:
            return self._once(query, deadline)
        except SourceUnavailable as problem:
            if not self._limits.retry_once or query.parameters or problem.retry_after or problem.reason == "closed":
                raise
        return self._once(query, deadline)

    def _once(self, query: Query, deadline: Deadline) -> tuple[Record, ...]:
        self._pace.take(deadline)
        run = self._bulkhead.run if self._connector.keeps_deadline else self._bulkhead.run_apart
        return run(lambda left: self._ask(Query(query.subject, query.parameters, left)), deadline)

    def _ask(self, query: Query) -> tuple[Record, ...]:
        try:
            return self._without(query.parameters.keys()).fetch(query)
        except SourceProblem:
            raise
        except Exception as error:  # noqa: BLE001 - law 8: an adapter's fault is the source's, and its words stay here
            raise SourceUnavailable(f"unexpected-{type(error).__name__}") from None

    def _without(self, told: AbstractSet[str]) -> Connector:
        """The connector that is asked where these answers are there and no others."""
        names = frozenset() if self.further is None else self.further.names
        return self._partial.get(names.difference(told), self._connector)

    def _answer(self, records: Sequence[Record]) -> Retrieved:
        if not records:
            return self._nothing()
        if len(records) > self._limits.max_records:
            raise SourceTooLarge("records")
        mapped = [self._map(record) for record in records]
        record = settle(mapped, self._choice, self._gather)
        self.watch.answered(records, mapped, record)
        word = records[0].certificate if len(records) == 1 else None  # an exchange delivers one
        return Retrieved(Outcome.FOUND, record.values, record.source_time, self._clock.now(), record.times, word)

    def _map(self, record: Record) -> Mapped:
        try:
            mapped = self._mapping.apply(record.values)
        except SourceProblem:
            raise
        except Exception as error:  # noqa: BLE001 - law 8: what we cannot turn is the answer's fault, as in _ask
            raise SourceGarbled(f"unexpected-{type(error).__name__}") from None
        return mapped if mapped.source_time else Mapped(mapped.values, record.source_time, mapped.times)

    def _nothing(self) -> Retrieved:
        return Retrieved(Outcome.NOT_FOUND, {}, None, self._clock.now())
