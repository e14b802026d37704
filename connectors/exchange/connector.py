"""The adapter of another exchange: a case for each look-up, opened, asked in, and closed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from connectors.adapters import Opening
from connectors.base import Query, Record
from connectors.errors import SourceGarbled, SourceProblem, SourceUnavailable
from connectors.exchange.believing import Judge, Question
from connectors.exchange.calling import Caller
from connectors.exchange.outcomes import found_nothing, no_such_number, undelivered, unsettled
from connectors.exchange.settings import ExchangeSettings
from connectors.resilience import Deadline
from connectors.rest.strict_json import decode
from connectors.rest.transport import Answer
from kernel.entropy import token

_DETAILS = "urn:tongban:params:evidence"


class ExchangeConnector:
    """One evidence type of another exchange. libcurl keeps the deadline, so calls run in the caller's thread."""

    kind = "exchange"
    keeps_deadline = True

    def __init__(self, settings: ExchangeSettings, opening: Opening) -> None:
        self._settings = settings
        self._caller = Caller(settings, opening)
        self._judge = Judge(settings, opening.clock, opening.limits.max_bytes)
        self._clock, self._entropy = opening.clock, opening.entropy
        self._closed = False

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's record. Raises: SourceProblem."""
        if self._closed:
            raise SourceUnavailable("closed")
        deadline = Deadline(self._clock, query.deadline)
        case = self._open_case(query, deadline)
        if case is None:
            return ()
        try:
            return self._ask(case, query, deadline)
        finally:
            with suppress(SourceProblem):  # the other side ends what nobody closed
                self._caller.about_cases(f"/v1/cases/{case}/close", {}, deadline)

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
        case = _object(answer).get("case")
        if not isinstance(case, str) or not case.replace("_", "").isalnum() or not case.isascii():
            raise SourceGarbled("case")  # it becomes part of an address
        return case

    def _ask(self, case: str, query: Query, deadline: Deadline) -> tuple[Record, ...]:
        settings = self._settings
        purpose = {"service_item": settings.service_item, "case": case, "legal_basis": settings.legal_basis}
        wanted = {"type": settings.evidence_type} | ({"fields": [*settings.columns]} if settings.columns else {})
        questions = [*settings.questions.values()]
        named = {"predicates": sorted({question["name"] for question in questions})} if questions else {}
        details = {"type": _DETAILS, "locations": [settings.origin], **purpose, "evidence": [wanted | named]}
        held = self._caller.purpose_token(details, deadline)
        asked = wanted | ({"predicates": questions} if questions else {})
        subject = {"scheme": query.subject.scheme, "value": query.subject.value}
        body = {**purpose, "evidence": [{**asked, "subject": subject}]}
        answer = self._caller.post("/v1/evidence-requests", body, held, deadline)
        if answer.status not in {200, 202}:
            raise unsettled(answer, "request")
        said = _object(answer)
        item = _only_item(said)
        if item.get("status") == "delivered":
            question = Question(str(said.get("id")), case)
            return (self._judge.record(item, question, lambda: self._caller.published_keys(deadline)),)
        if found_nothing(item):
            return ()
        raise undelivered(item)


def open_source(settings: ExchangeSettings, opening: Opening) -> ExchangeConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    return ExchangeConnector(settings, opening)


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
