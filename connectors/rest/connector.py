"""The REST adapter: the requests of one look-up, page by page, and what their answers say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.adapters import Opening
from connectors.base import Query, Raw, Record
from connectors.errors import SourceGarbled, SourceTooLarge
from connectors.resilience import Deadline
from connectors.rest.asking import Asker, refusal
from connectors.rest.paging import Page, Paging, Walk
from connectors.rest.request import Request, RequestBuilder
from connectors.rest.service import ServiceSettings
from connectors.rest.settings import RestSettings
from connectors.rest.transport import Answer
from connectors.templates import mentions


class RestConnector:
    """A JSON or XML service. libcurl keeps the deadline, so calls run in the caller's thread."""

    kind = "rest"
    keeps_deadline = True

    def __init__(self, settings: RestSettings, opening: Opening) -> None:
        location = settings.service.location(opening)
        self._settings = settings
        self._requests = _Requests(settings, location)
        self._asker = Asker(settings.service, location, opening)
        self._limits, self._clock = opening.limits, opening.clock

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's records. Raises: SourceProblem."""
        deadline = Deadline(self._clock, query.deadline)
        paging = self._settings.paging
        if paging is None:
            answer = self._asker.ask(self._requests.build(query, Page()), deadline)
            return tuple(map(Record, self._read(answer, query, self._limits.max_records)[1]))
        return tuple(map(Record, self._all_pages(query, deadline, paging)))

    def close(self) -> None:
        """Close every connection."""
        self._asker.close()

    def _all_pages(self, query: Query, deadline: Deadline, paging: Paging) -> list[Mapping[str, Raw]]:
        records: list[Mapping[str, Raw]] = []
        left, walk = self._limits.max_bytes, Walk(paging)
        page: Page | None = walk.first()
        while page is not None:
            request = self._requests.build(query, page)
            answer = self._asker.ask(
                request, deadline, max_bytes=left, fields=("link",) if paging.kind == "link" else ()
            )
            left -= len(answer.body)
            document, found = self._read(answer, query, self._limits.max_records - len(records))
            records += found
            if len(records) > self._limits.max_records:
                raise SourceTooLarge("records")
            if document is None:
                if not walk.may_end_here:
                    raise SourceGarbled("page-missing")
                break
            page = walk.after(document, len(found), request.url, answer.fields.get("link", ()))
        return records

    def _read(self, answer: Answer, query: Query, most: int) -> tuple[Any, list[Mapping[str, Raw]]]:
        """The document and its records, at most one more than `most`.

        No document where the source says that there is no such record or page.
        """
        if answer.status in self._settings.service.not_found:
            return None, []
        if answer.status != 200:
            raise refusal(answer.status)
        document = self._settings.reading.document(answer)
        return document, [*self._settings.reading.records(document, query, most)]


class _Requests:
    """Requests for the first page and for those after it."""

    def __init__(self, settings: RestSettings, location: str) -> None:
        paging, accept = settings.paging, settings.reading.accept
        self._place = paging.place if paging else ""
        numbers = paging.numbers if paging else frozenset()
        self._following = RequestBuilder(settings.service, location, accept=accept, numbers=numbers)
        self._first = self._following
        if self._place == "cursor":  # nobody has a cursor before the first answer
            self._first = RequestBuilder(without(settings.service, "cursor"), location, accept=accept)

    def build(self, query: Query, page: Page) -> Request:
        if page.url:
            return replace(self._first.build(query), url=page.url)
        if not page.parameters:
            return self._first.build(query)
        asked = Query(query.subject, {**query.parameters, **page.parameters}, query.deadline)
        return (self._following if any(page.parameters.values()) else self._first).build(asked)


def without(service: ServiceSettings, name: str) -> ServiceSettings:
    """The service asked without whatever mentions a place: parameters, headers, members of the body."""

    def kept(members: Mapping[str, Any]) -> Mapping[str, Any]:
        return {key: value for key, value in members.items() if not (isinstance(value, str) and mentions(value, name))}

    body = kept(service.body) if isinstance(service.body, Mapping) else service.body
    return replace(service, query=kept(service.query), headers=kept(service.headers), body=body)


def open_source(settings: RestSettings, opening: Opening) -> RestConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    return RestConnector(settings, opening)
