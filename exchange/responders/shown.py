"""The entry that says that an officer read whom a task is about: before it is shown, and told to that person."""

from __future__ import annotations

from kernel.canonical import JSON
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.event import Event
from policies.responders.task import TaskState
from policies.roles import Officer

SHOWN = "SubjectShown"


def seen_by_officer(state: TaskState, officer: Officer, subject: SubjectRef) -> Event:
    """One for each officer and task, however often they look.

    Of emergency access it is an auditor's alone: whether a statute puts off that the person is told is unknown here.
    """
    wanted = state.wanted
    facts: dict[str, JSON] = {
        "office": state.office.organisation,
        "officer": officer.id,
        "consumer": wanted.consumer,
        "case": wanted.case,
        "evidence_type": wanted.evidence_type,
        "service_item": wanted.service_item,
        "legal_basis": wanted.legal_basis,
        "fields": [*wanted.fields],
        "predicates": [*wanted.predicates],
        "relation": wanted.relation,
        "request": wanted.request,
    }
    return Event(SHOWN, state.id, officer.id, facts, None if wanted.emergency else subject)
