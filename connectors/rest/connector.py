"""The REST adapter: one request per look-up, and what the answer's status and shape mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.adapters import Opening
from connectors.base import Query, Raw, Record
from connectors.errors import SourceBusy, SourceGarbled, SourceMisconfigured, SourceProblem, SourceUnavailable
from connectors.rest import addresses
from connectors.rest.request import RequestBuilder
from connectors.rest.settings import RestSettings
from connectors.rest.strict_json import decode
from connectors.rest.transport import Answer, Transport


class RestConnector:
    """A JSON service. libcurl keeps the deadline, so calls run in the caller's thread."""

    kind = "rest"
    keeps_deadline = True

    def __init__(self, settings: RestSettings, opening: Opening) -> None:
        location = settings.location(opening)
        self._settings = settings
        self._requests = RequestBuilder(settings, location, opening)
        self._transport = Transport(
            max_bytes=opening.limits.max_bytes, ca_file=settings.ca_file, private_only=addresses.is_plain(location)
        )

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's records. Raises: SourceProblem."""
        answer = self._transport.exchange(self._requests.build(query), query.deadline)
        if answer.status in self._settings.not_found:
            return ()
        if answer.status != 200:
            raise _refusal(answer)
        return tuple(self._checked(Record(record), query) for record in self._records(decode(answer.body)))

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def _records(self, document: Raw) -> Sequence[Mapping[str, Raw]]:
        if self._settings.succeeded is not None and self._settings.succeeded(document) is not True:
            raise SourceUnavailable("not-succeeded")
        found = document if self._settings.records is None else self._settings.records(document)
        if found is None:
            return ()
        listed = [found] if isinstance(found, Mapping) else found
        if isinstance(listed, str) or not isinstance(listed, Sequence):
            raise SourceGarbled("records")
        return [_record(each) for each in listed]

    def _checked(self, record: Record, query: Query) -> Record:
        """The record, unless it says that it is about somebody else."""
        if self._settings.subject_path is not None:
            about = self._settings.subject_path(record.values)
            if str(about).strip().upper() != query.subject.value.upper():
                raise SourceGarbled("other-subject")
        return record


def open_source(settings: RestSettings, opening: Opening) -> RestConnector:
    """The adapter's opener. Raises: SourceMisconfigured."""
    return RestConnector(settings, opening)


def _record(value: Raw) -> Mapping[str, Raw]:
    if not isinstance(value, Mapping):
        raise SourceGarbled("records")
    return value


def _refusal(answer: Answer) -> SourceProblem:
    """What a status other than 200 says (RFC 9110 §15)."""
    reason = f"http-{answer.status}"
    if answer.status == 429:  # RFC 6585 §4
        return SourceBusy(reason)
    if answer.status >= 500:
        return SourceUnavailable(reason)
    if answer.status >= 300:  # a redirect is not followed, and a refusal is about how we ask
        return SourceMisconfigured(reason)
    return SourceGarbled(reason)
