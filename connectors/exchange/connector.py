"""The adapter of another exchange: a case for each look-up, opened, asked in, and closed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from connectors.adapters import Opening
from connectors.base import Query, Record
from connectors.errors import (
    SourceAnswersLater,
    SourceAsksTooMuch,
    SourceGarbled,
    SourceProblem,
    SourceUnavailable,
)
from connectors.exchange.believing import Judge, Question
from connectors.exchange.calling import Caller
from connectors.exchange.outcomes import (
    answers_later,
    found_nothing,
    is_final,
    no_such_number,
    problem_of,
    undelivered,
    unsettled,
)
from connectors.exchange.pending import Pending
from connectors.exchange.questions import still_needed
from connectors.exchange.settings import ExchangeSettings
from connectors.resilience import Deadline
from connectors.rest.strict_json import decode
from connectors.rest.transport import Answer
from kernel.entropy import token

_DETAILS = "urn:tongban:params:evidence"
_OVER = frozenset({404, 409, 410})
"""What they answer where a request or its case is no more: unknown, closed, erased."""
_Settled: TypeAlias = tuple[Record, ...] | SourceProblem
"""Their last word: the records, or the problem that stands instead."""


class ExchangeConnector:
    """One evidence type of another exchange. libcurl keeps the deadline, so calls run in the caller's thread."""

    kind = "exchange"
    keeps_deadline = True

    def __init__(self, settings: ExchangeSettings, opening: Opening) -> None:
        self._settings = settings
        self._caller = Caller(settings, opening)
        self._judge = Judge(settings, opening.clock, opening.limits.max_bytes)
        self._clock, self._entropy = opening.clock, opening.entropy
        self._pending = Pending(opening.clock, opening.entropy)
        self._closed = False

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's record. Raises: SourceProblem."""
        if self._closed:
            raise SourceUnavailable("closed")
        if not query.parameters.keys() <= self._settings.relays:
            raise SourceAsksTooMuch("answer-not-allowed")
        deadline = Deadline(self._clock, query.deadline)
        waiting = self._pending.take(query)
        if waiting is not None:
            return self._follow_up(waiting, query, deadline)
        case = self._open_case(query, deadline)
        return () if case is None else self._ask(case, query, deadline)

    def close(self) -> None:
        """Close every connection."""
        self._closed = True
        self._caller.close()

    def _open_case(self, query: Query, deadline: Deadline) -> str | None:
        """A case about the subject, or None where the number is nobody's there."""
        subject = query.subject
        body = {
            "service_item": self._settings.service_item,
            "reference": f"look-up {token(self._entropy, 12)}",
            "subjects": [{"scheme": subject.scheme, "value": subject.value, "role": "applicant"}],
        }
        answer = self._caller.about_cases("/v1/cases", body, deadline)
        if no_such_number(answer):
            return None
        if answer.status != 201:
            raise unsettled(answer, "case")
        return _name(_object(answer).get("case"))

    def _ask(self, case: str, query: Query, deadline: Deadline) -> tuple[Record, ...]:
        """Ask in a case that was opened for it, which ends with the answer."""
        waits = False
        try:
            details, body = self._questions(case, query)
            asked = self._clock.now().timestamp()
            held = self._caller.purpose_token(details, deadline)
            said = _said(self._caller.post("/v1/evidence-requests", body, held, deadline))
            question = Question(_name(said.get("id")), case, asked)
            try:
                return _given(self._settled(said, question, query, deadline))
            except SourceAnswersLater:
                # Of two that asked at the same time one is followed up; the other's case is closed.
                waits = self._pending.keep(query, question)
                raise
        finally:
            if not waits:
                self._close_case(case, deadline)

    def _follow_up(self, waiting: Question, query: Query, deadline: Deadline) -> tuple[Record, ...]:
        """Look again at what waited. It ends when they have an answer that can be believed, or refuse for good.

        Otherwise (a bad line, also to their keys) it goes on waiting: nobody is asked a second time for that.
        """
        try:
            settled = self._looked_again(waiting, query, deadline)
        except BaseException:
            self._pending.put_back(query)
            raise
        self._pending.end(query, waiting)
        self._close_case(waiting.case, deadline)
        return _given(settled)

    def _looked_again(self, waiting: Question, query: Query, deadline: Deadline) -> _Settled:
        """How a question stands that waited. Raises: SourceProblem where it waits on."""
        details, _ = self._questions(waiting.case, query)
        held = self._caller.purpose_token(details, deadline)
        answer = self._caller.get(f"/v1/evidence-requests/{waiting.request}", held, deadline)
        if answer.status in _OVER:
            return unsettled(answer, "request")
        if answer.status == 202:
            raise answers_later(_object(answer).get("status"))
        return self._settled(_said(answer), waiting, query, deadline)

    def _close_case(self, case: str, deadline: Deadline) -> None:
        with suppress(SourceProblem):  # the other side ends what nobody closed
            self._caller.about_cases(f"/v1/cases/{case}/close", {}, deadline)

    def _questions(self, case: str, query: Query) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """What a token is asked for (RFC 9396), and what is asked with it."""
        settings = self._settings
        purpose = {"service_item": settings.service_item, "case": case, "legal_basis": settings.legal_basis}
        wanted = {"type": settings.evidence_type} | ({"fields": [*settings.columns]} if settings.columns else {})
        questions = [*settings.questions.values()]
        named = {"predicates": sorted({question["name"] for question in questions})} if questions else {}
        details = {"type": _DETAILS, "locations": [settings.origin], **purpose, "evidence": [wanted | named]}
        subject = {"subject": {"scheme": query.subject.scheme, "value": query.subject.value}}
        asked = wanted | subject | ({"predicates": questions} if questions else {})
        asked |= {"answers": dict(query.parameters)} if query.parameters else {}
        return details, {**purpose, "evidence": [asked]}

    def _settled(self, said: Mapping[str, Any], question: Question, query: Query, deadline: Deadline) -> _Settled:
        """What they say in the end. Raises: SourceProblem while it waits, and where it cannot be read or believed."""
        item = _only_item(said)
        if item.get("status") == "delivered":
            return (self._judge.record(item, question, lambda: self._caller.published_keys(deadline)),)
        if found_nothing(item):
            return ()
        if is_final(item):
            return still_needed(problem_of(item), query.parameters, self._settings.relays) or undelivered(item)
        raise undelivered(item)


def open_source(settings: ExchangeSettings, opening: Opening) -> ExchangeConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    return ExchangeConnector(settings, opening)


def _given(settled: _Settled) -> tuple[Record, ...]:
    """The records. Raises: SourceProblem, the one that stands instead."""
    if isinstance(settled, SourceProblem):
        raise settled
    return settled


def _said(answer: Answer) -> Mapping[str, Any]:
    """The answer to a request, settled or waiting. Raises: SourceProblem."""
    if answer.status not in {200, 202}:
        raise unsettled(answer, "request")
    return _object(answer)


def _name(told: Any) -> str:
    """An identifier of theirs, which becomes part of an address. Raises: SourceGarbled."""
    if not isinstance(told, str) or not told.replace("_", "").isalnum() or not told.isascii():
        raise SourceGarbled("identifier")
    return told


def _object(answer: Answer) -> Mapping[str, Any]:
    found = decode(answer.body)
    if not isinstance(found, Mapping):
        raise SourceGarbled("answer")
    return found


def _only_item(said: Mapping[str, Any]) -> Mapping[str, Any]:
    items = said.get("evidence")
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], Mapping):
        raise SourceGarbled("answer")
    return items[0]
