"""The endpoints of tasks. Officers alone; what each may do is decided by ``policies.responders``.

Whom a task is about is read by the officer at work alone, and not before an entry of the ledger says that they read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import Connection

from connectors.manual import ManualSettings
from connectors.source import Retrieved, Source
from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.forms import Form, invalid, read
from exchange.in_force.snapshot import Snapshot, current
from exchange.paging import page_size
from exchange.proceedings import told
from exchange.responders.answer import AnswerForm
from exchange.responders.forms import (
    AnswerTaskForm,
    HandOverTaskForm,
    PlainTaskForm,
    QuestionTaskForm,
    RefuseTaskForm,
)
from exchange.responders.passing_on import PassingOn
from exchange.responders.sealed import Secret
from exchange.responders.shown import seen_by_officer
from exchange.responders.transitions import TaskTransitions
from exchange.responders.views import history_view, task_view, words_view, work_view
from exchange.store import responders
from kernel.canonical import JSON
from kernel.identifiers.subject import SubjectRef
from kernel.problems import INVALID_BODY, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.responders.commands import (
    AnswerTask,
    Command,
    FindNothing,
    GiveBackTask,
    HandOverTask,
    QuestionTask,
    RefuseTask,
    ReplyTask,
    TakeTask,
)
from policies.responders.lifecycle import READERS, asks, is_at_work, reply_due, sees
from policies.responders.task import LIVING, Status, TaskState

_BAD_STATE = Text("没有这样的状态", "There is no such state")
_LONGEST_NAME = 128
_ALL = "all"

Body = Mapping[str, Any]
FORMS: Mapping[str, type[Form]] = MappingProxyType(
    {
        "take": PlainTaskForm,
        "answer": AnswerTaskForm,
        "not-found": PlainTaskForm,
        "refuse": RefuseTaskForm,
        "question": QuestionTaskForm,
        "give-back": PlainTaskForm,
        "hand-over": HandOverTaskForm,
        "reply": QuestionTaskForm,
    }
)
"""Commands on a task, with the form of what they say."""

_SPOKEN: Mapping[str, Callable[[Body], Command]] = {
    "take": lambda _body: TakeTask(),
    "answer": lambda _body: AnswerTask(),
    "not-found": lambda _body: FindNothing(),
    "refuse": lambda body: RefuseTask(body["reason"], body["citation"]),
    "give-back": lambda _body: GiveBackTask(),
    "hand-over": lambda body: HandOverTask(body["reason"]),
    "reply": lambda _body: ReplyTask(),
}
_READ = {name: form() for name, form in FORMS.items()}


@dataclass(frozen=True)
class TaskDesk:
    """The endpoints of tasks."""

    access: Access
    transitions: TaskTransitions
    passing_on: PassingOn

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/tasks``: those that wait for this officer's department or that it asked for, oldest first.

        Raises Problem.
        """
        officer = self.access.officer(http)
        asked = http.parameters()
        limit, after = page_size(asked.get("limit")), asked.get("after", "")[:_LONGEST_NAME]
        party = None if READERS & officer.officer.roles else officer.officer.organisation
        statuses = _statuses(asked.get("state"))
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = responders.listed(connection, statuses, party, after=after, limit=limit + 1)
            shown = [self._view(connection, state, officer) for state in found[:limit]]
        following = found[limit - 1].id if len(found) > limit else None
        return json_response({"tasks": [*shown], "next": following})

    def show(self, http: HttpRequest, task: str) -> HttpResponse:
        """``GET /v1/tasks/<task>``: to the officer at work with whom it is about. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(self._find(task, officer), officer)

    def command(self, name: str) -> Endpoint:
        """``POST /v1/tasks/<task>/<name>``."""
        form = _READ[name]

        def endpoint(http: HttpRequest, task: str) -> HttpResponse:
            officer = self.access.officer(http)
            body = read(form, http)
            state = self._find(task, officer)
            command, secret = self._command(name, body, state, officer, http.language)
            with told(_refused, errors.TASK_CHANGED):
                after = self.transitions.carry_out(
                    command, state, officer.officer, self.access.spending(officer.caller), secret
                )
            if after.status not in LIVING:
                self.passing_on.pass_on(after)
            return self._answer(after, officer)

        return endpoint

    def _command(
        self, name: str, body: Body, state: TaskState, officer: AuthorisedOfficer, language: str
    ) -> tuple[Command, Secret | None]:
        """The command, and what is sealed of the task from then on where that changes. Raises Problem."""
        if name == "answer" and is_at_work(state, officer.officer):
            answered = self._record(state, body["values"], language)
            return AnswerTask(), replace(self._secret(state), values=answered.values, source_time=answered.source_time)
        if name == "question":
            with self.access.database.read() as connection:
                ends = reply_due(self.transitions.clock.now(), self.transitions.calendar(connection))
            return QuestionTask(ends), replace(self._secret(state), question=body["text"], reply="")
        if name == "reply":
            return ReplyTask(), replace(self._secret(state), reply=body["text"])
        return _SPOKEN[name](body), None

    def _record(self, state: TaskState, typed: Mapping[str, Any], language: str) -> Retrieved:
        snapshot = current(self.access.policy)
        form, source, _manual = _form(state, snapshot)
        try:
            return form.read(typed, source, snapshot.registry.records[state.wanted.evidence_type])
        except ValidationError as error:
            raise invalid(error, language) from None

    def _secret(self, state: TaskState) -> Secret:
        with self.access.database.read() as connection:
            envelope = responders.secret_of(connection, state.id)
        return Secret() if envelope is None else self.transitions.vault.open(state.id, envelope)

    def _find(self, task: str, officer: AuthorisedOfficer) -> TaskState:
        with self.access.database.read() as connection:
            state = responders.find(connection, task[:_LONGEST_NAME])
        if state is None or not sees(state, officer.officer):
            raise Problem(errors.TASK_UNKNOWN)
        return state

    def _view(self, connection: Connection, state: TaskState, officer: AuthorisedOfficer) -> dict[str, JSON]:
        registry, calendar = current(self.access.policy).registry, self.transitions.calendar(connection)
        return task_view(state, registry, calendar, self.transitions.clock.now(), officer.officer)

    def _answer(self, state: TaskState, officer: AuthorisedOfficer) -> HttpResponse:
        with self.access.database.read() as connection:
            view = self._view(connection, state, officer)
            view |= history_view(responders.history(connection, state.id))
        at_work = is_at_work(state, officer.officer)
        if at_work or (asks(state, officer.officer) and state.status is Status.QUESTIONED):
            view |= words_view(self._secret(state))
        if at_work and (subject := self._subject(state, officer)) is not None:
            form, _source, manual = _form(state, current(self.access.policy))
            view |= work_view(subject, form, manual)
        return json_response(view)

    def _subject(self, state: TaskState, officer: AuthorisedOfficer) -> SubjectRef | None:
        """Whom it is about, once the ledger says who read that.

        None where nobody waits any more, all is erased, or the person was sealed since the task was made. Raises
        LedgerUnavailable, and nothing is shown then.
        """
        wanted = state.wanted
        subject = self.passing_on.waiting.subject_of(wanted.request, wanted.item)
        if subject is None or self._is_sealed(subject):
            return None
        self.transitions.ledger.append([seen_by_officer(state, officer.officer, subject)])
        return subject

    def _is_sealed(self, subject: SubjectRef) -> bool:
        index = self.access.indexes.of(subject)
        return current(self.access.policy).is_sealed(index, self.transitions.clock.now())


def _form(state: TaskState, snapshot: Snapshot) -> tuple[AnswerForm, Source, ManualSettings]:
    """The form, the source and who answers for it. Raises Problem where people no longer answer for this type."""
    code = state.wanted.evidence_type
    source, kind = snapshot.sources.get(code), snapshot.registry.evidence_types.get(code)
    connector = snapshot.registry.connectors.get(code)
    if source is None or not isinstance(source.responder, ManualSettings) or kind is None or connector is None:
        raise Problem(errors.TASK_SOURCE_GONE)
    return AnswerForm.of(kind, connector, state.wanted), source, source.responder


def _statuses(text: str | None) -> frozenset[Status]:
    """Those that wait for somebody, when nothing else is asked for. Raises Problem."""
    if text is None:
        return LIVING
    if text == _ALL:
        return frozenset(Status)
    try:
        return frozenset({Status(text)})
    except ValueError:
        raise Problem(INVALID_BODY, detail=_BAD_STATE) from None


def _refused(code: str) -> ProblemKind:
    missing = {"task.reason-missing", "task.citation-missing"}
    return errors.TASK_INCOMPLETE if code in missing else errors.TASK_NOT_ALLOWED
