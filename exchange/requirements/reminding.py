"""Papers that may follow later (容缺): their department is reminded before the day, and told when it has passed.

Time alone brings this about. A paper is awaited until its day has passed, or until it turns out that nothing is: the
requirement was met in another way, or its case is closed. Whose paper it is the exchange does not say: the department
and its system know their case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from exchange.catalogue.model import Requirement
from exchange.events import outbox
from exchange.events.signal import Kind as Told
from exchange.events.signal import Signal, to_system
from exchange.in_force.snapshot import Snapshot
from exchange.messages import notices
from exchange.requirements.counting import stands
from exchange.requirements.ladder import Rung
from exchange.store import cases, messages, resolutions
from exchange.store.cases import Case
from exchange.store.resolutions import Resolution
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.dates import local_day
from kernel.lease import Lease
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt

OVERDUE = "DeferredPaperOverdue"
NEAR = timedelta(days=3)
"""How long before its day a paper is reminded of."""
MOST_AT_ONCE = 200
"""Papers in one round: an append is bounded, and the next round comes within a minute."""


@dataclass(frozen=True, slots=True)
class Late:
    """A paper that is still awaited, whose day is near or over."""

    resolution: Resolution
    case: Case
    requirement: Requirement

    @property
    def day(self) -> date:
        """By which it follows."""
        return date.fromisoformat(self.resolution.due)


@dataclass(frozen=True)
class Reminding:
    """Looks at papers that are awaited."""

    database: Database
    ledger: Ledger
    policy: Lease[Snapshot]
    clock: Clock

    def sweep(self) -> int:
        """Remind of what is near, record what is overdue, forget what is met; how many it looked at.

        Raises LedgerUnavailable, DatabaseUnavailable, LeaseLost.
        """
        now = self.clock.now()
        today = local_day(now)
        with self.database.read() as connection:
            found = resolutions.awaited(connection, near=today + NEAR, today=today, most=MOST_AT_ONCE)
            looked = [(one, self._late(connection, one, now)) for one in found]
        self._forget([one for one, late in looked if late is None])
        standing = [late for _one, late in looked if late is not None]
        self._remind([late for late in standing if late.day >= today], now)
        self._record([late for late in standing if late.day < today], now)
        return len(found)

    def _late(self, connection: Connection, one: Resolution, now: datetime) -> Late | None:
        """None where nothing is awaited any more."""
        case = cases.read(connection, one.case)
        registry = self.policy.current().registry
        if case is None or not case.open or case.service_item not in registry.service_items:
            return None
        return next(
            (
                Late(one, case, each.needed.requirement)
                for each in stands(connection, case, registry, now)
                if (each.rung, each.entry) == (Rung.DEFERRAL, one.entry)
            ),
            None,
        )

    def _forget(self, met: Sequence[Resolution]) -> None:
        def work(connection: Connection) -> None:
            for one in met:
                resolutions.await_no_more(connection, one)

        if met:
            self.database.write(work)

    def _remind(self, near: Sequence[Late], now: datetime) -> None:
        def work(connection: Connection) -> None:
            for each in near:
                resolutions.reminded(connection, each.resolution)
            _tell(connection, near, now)

        if near:
            self.database.write(work)

    def _record(self, late: Sequence[Late], now: datetime) -> None:
        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            for each in late:
                resolutions.set_overdue(connection, each.resolution, now)
            _tell(connection, late, now, overdue=True)

        if late:
            self.ledger.append([_entry(each) for each in late], also=also)


def _tell(connection: Connection, some: Sequence[Late], now: datetime, *, overdue: bool = False) -> None:
    """The office and the system; the same is told once, whichever node is first."""
    for each in some:
        one, name = each.resolution, each.requirement.name
        messages.put(connection, [notices.paper_due(one, name, now, overdue=overdue)])
        outbox.put(connection, _signal(each, now, overdue=overdue))


def _signal(late: Late, now: datetime, *, overdue: bool) -> Signal:
    one = late.resolution
    data: dict[str, JSON] = {"case": one.case, "requirement": one.requirement, "due": one.due, "overdue": overdue}
    cause = f"{'overdue' if overdue else 'near'}:{one.id}"
    return to_system(Told.PAPER_DUE, late.case.system, cause=cause, at=now, data=data)


def _entry(late: Late) -> Event:
    one = late.resolution
    facts: dict[str, JSON] = {
        "system": late.case.system,
        "consumer": one.organisation,
        "service_item": one.service_item,
        "requirement": one.requirement,
        "due": one.due,
    }
    return Event(OVERDUE, one.case, one.id, facts)
