"""Tasks in JSON, for the API and the pages alike. What is sealed is added for those alone who may read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.manual import ManualSettings
from exchange.catalogue.naming import named
from exchange.catalogue.registry import Registry
from exchange.governance.views import names
from exchange.responders.answer import AnswerForm, Question
from exchange.responders.sealed import Secret
from exchange.store.histories import Happened
from kernel.canonical import JSON
from kernel.identifiers.subject import SubjectRef
from kernel.text import Text
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import DEADLINE_PERCENT
from policies.responders.clock import days_left, due, left_in_words
from policies.responders.lifecycle import is_at_work, open_to
from policies.responders.task import LIVING, STATUSES, Office, Status, TaskState
from policies.roles import Officer


def task_view(
    state: TaskState, registry: Registry, calendar: WorkingCalendar, now: datetime, reader: Officer
) -> dict[str, JSON]:
    """A task: what is asked, by whom and why, whose turn it is, what is left, what the reader may do."""
    wanted, name = state.wanted, names(registry, state.wanted.evidence_type)
    living = state.status in LIVING
    ends = due(state.running, calendar).get(DEADLINE_PERCENT) if living else None
    paused = state.status is Status.QUESTIONED
    return {
        "id": state.id,
        "status": state.status.value,
        "label": STATUSES[state.status].members(),
        "revision": state.revision,
        "evidence_type": named(wanted.evidence_type, name(wanted.evidence_type)),
        "service_item": named(wanted.service_item, name(wanted.service_item)),
        "legal_basis": {"code": wanted.legal_basis, "citation": _citation(state, registry).members()},
        "consumer": named(wanted.consumer, name(wanted.consumer)),
        "case": wanted.case,
        "relation": wanted.relation,
        "fields": [named(each, name(each)) for each in wanted.fields],
        "predicates": [named(each, name(each)) for each in wanted.predicates],
        "office": _office(state.office, registry),
        "substitute": None if state.substitute is None else _office(state.substitute, registry),
        "turn": state.turn,
        "opened_at": state.opened_at.isoformat(),
        "deadline": _moment(state.reply_due if paused else ends),
        "days_left": days_left(state.running, calendar, now) if ends is not None else None,
        "left": (left_in_words(state.running, calendar, now) if living else STATUSES[state.status]).members(),
        "overdue": ends is not None and now >= ends,
        "own": is_at_work(state, reader),
        "entry": wanted.entry,
        "reason": state.reason,
        "citation": state.citation,
        "commands": [*open_to(state, reader)],
    }


def history_view(happened: Sequence[Happened]) -> dict[str, JSON]:
    """Everything that happened."""
    return {"history": [one.members() for one in happened]}


def work_view(subject: SubjectRef, form: AnswerForm, manual: ManualSettings) -> dict[str, JSON]:
    """What the officer at work sees besides: whom it is about, what to fill in, and the words prepared for them."""
    return {
        "subject": {"scheme": subject.scheme, "value": subject.value},
        "form": [_question(each) for each in form.questions],
        "guidance": None if manual.guidance is None else manual.guidance.members(),
        "refusals": [{"reason": one.reason.members(), "citation": one.citation.members()} for one in manual.refusals],
    }


def words_view(secret: Secret) -> dict[str, JSON]:
    """What was asked back, and answered to that."""
    return {"question": secret.question, "reply": secret.reply}


def _question(each: Question) -> dict[str, JSON]:
    return {
        "name": each.name,
        "label": each.label.members(),
        "type": each.type,
        "format": each.form,
        "required": each.required,
        "long_term": each.long_term,
        "choices": [*each.choices],
    }


def _citation(state: TaskState, registry: Registry) -> Text:
    item = registry.service_items.get(state.wanted.service_item)
    basis = item.legal_bases.get(state.wanted.legal_basis) if item else None
    return basis.citation if basis else Text(state.wanted.legal_basis, state.wanted.legal_basis)


def _office(office: Office, registry: Registry) -> dict[str, JSON]:
    name = names(registry, "")
    return {**named(office.organisation, name(office.organisation)), "division": office.division or None}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
