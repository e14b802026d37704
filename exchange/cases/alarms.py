"""A look-up without an open case is refused; somebody is told of it, too: security and data governance, once an hour.

Each refusal is an entry of the log and counted as a metric; the alarm is one entry and one message for each system and
hour, so that a system that goes on cannot flood anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from exchange import errors
from exchange.catalogue.model import System
from exchange.messages import notices
from exchange.store.messages import Message
from kernel.clock import Clock
from kernel.ledger.event import Event
from kernel.metrics import Metrics
from kernel.problems import ProblemKind

WITHOUT_CASE = "LookUpWithoutCase"
KINDS = frozenset({errors.CASE_UNKNOWN, errors.CASE_CLOSED, errors.CASE_OTHER_ITEM})


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is recorded, and who is told."""

    event: Event
    messages: tuple[Message, ...]


class Alarms:
    """Makes alarms. Safe for threads."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        """The counter is ``tongban_lookups_without_case_total`` by the code of the refusal."""
        self._clock = clock
        self._count = metrics.counter("lookups_without_case", "Look-ups without an open case.", ("code",))

    def of(self, system: System, kind: ProblemKind) -> Alarm | None:
        """The alarm that a refusal of this kind raises."""
        if kind not in KINDS:
            return None
        self._count.labels(kind.code).inc()
        now = self._clock.now()
        hour = now.strftime("%Y%m%dT%HZ")
        facts = {"system": system.name, "consumer": system.organisation, "reason": kind.code}
        event = Event(WITHOUT_CASE, f"alarm_{system.name}", hour, facts)
        return Alarm(event, notices.look_up_without_case(system.name, hour, now))
