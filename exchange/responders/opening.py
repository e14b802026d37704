"""Opening tasks: for every item of a request whose source is a person, in the transaction in which the item waits.

The ledger's entry of an opening is the one that says that the item waits; its number stands in the task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from connectors.manual import LONGEST_DAYS, ManualSettings
from exchange.clocks.rules import read
from exchange.gateway.parking import Awaited
from exchange.messages import notices
from exchange.responders.sealed import Secret
from exchange.responders.transitions import TaskTransitions, next_due
from exchange.store import messages, responders
from exchange.store.histories import Happened
from kernel.dates import local_day
from policies.clocks.profile import ShareType, SlaProfile, Stage, profile_for
from policies.responders.clock import ServiceClock
from policies.responders.document import facts
from policies.responders.lifecycle import opened
from policies.responders.task import Office, TaskOpened, Wanted, evolve

USUAL_DAYS = 1
"""Working days of an office where neither the source nor a service level says how many."""


@dataclass(frozen=True)
class Openings:
    """Makes tasks and stores them. Safe for threads."""

    transitions: TaskTransitions

    def open_tasks(self, connection: Connection, awaited: Sequence[Awaited]) -> None:
        """Store a task for each of these items that an office answers, and tell it."""
        rules = read(connection)
        calendar = self.transitions.calendar(connection)
        for one in awaited:
            manual = one.responder
            if not isinstance(manual, ManualSettings):
                continue  # an adapter of somebody else's, whose people answer in their own way
            profile = profile_for(rules.profiles, manual.offices[0].organisation, local_day(one.since))
            event = _opened(one, manual, _clock(manual, profile))
            state = evolve(None, event)
            sealed = self.transitions.vault.seal(state.id, Secret())
            responders.add(connection, state, next_due(state, calendar), sealed)
            responders.note(connection, state.id, Happened(state.revision, event.name, event.at, facts(event)))
            messages.put(connection, notices.of_task(event, state))


def task_name(request: str, item: int) -> str:
    """``tk_…``: names the request and the item, so that an item has one task."""
    return f"tk_{request.partition('_')[2]}_{item}"


def _opened(one: Awaited, manual: ManualSettings, clock: ServiceClock) -> TaskOpened:
    wanted = Wanted(
        request=one.request_id,
        item=one.item,
        case=one.case,
        consumer=one.consumer,
        evidence_type=one.evidence_type,
        service_item=one.service_item,
        legal_basis=one.legal_basis,
        relation=one.relation,
        entry=one.entry,
        fields=one.fields,
        predicates=tuple(sorted({question.name for question in one.questions})),
        offices=tuple(Office(each.organisation, each.division) for each in manual.offices),
        clock=clock,
        asked_by=one.asked_by,
        emergency=one.emergency,
    )
    return opened(task_name(one.request_id, one.item), wanted, one.since)


def _clock(manual: ManualSettings, profile: SlaProfile | None) -> ServiceClock:
    """As the source says, else as the service level that binds its office does."""
    if manual.days or manual.hours:
        return ServiceClock(days=manual.days, hours=manual.hours)
    days = None if profile is None else profile.days(Stage.EVIDENCE_ANSWER, ShareType.CONDITIONAL, published=True)
    return ServiceClock(days=min(days or USUAL_DAYS, LONGEST_DAYS // len(manual.offices)))
