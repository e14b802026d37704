"""What an answer means: whether it worked, its records, whom they are about, and what the next page is called."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from connectors.base import Query, Raw
from connectors.errors import SourceGarbled, SourceUnavailable
from connectors.faults import fault, within
from connectors.mapping.reading import Reader, expression
from connectors.rest.strict_json import decode
from connectors.rest.transport import Answer
from connectors.xml import Element, columns, elements, namespaces, read, value

_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)


class Reading(Protocol):
    """How answers of one source are read. `Document` is whatever `document` gives."""

    accept: str

    def document(self, answer: Answer) -> Any:
        """The answer as a document that says it worked. Raises: SourceGarbled, SourceUnavailable."""
        ...

    def records(self, document: Any, query: Query, most: int) -> Sequence[Mapping[str, Raw]]:
        """Its records, each about the subject of the query; of more than `most` one more is read, which tells.

        Raises: SourceGarbled.
        """
        ...


class JsonReading:
    """JSON, by JMESPath."""

    accept = "application/json"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._succeeded = json_place(settings, "succeeded")
        self._records = json_place(settings, "records")
        self._about = json_place(settings, "subject_path")

    def document(self, answer: Answer) -> Raw:
        document = decode(answer.body)
        _check_success(self._succeeded, document)
        return document

    def records(self, document: Raw, query: Query, most: int) -> Sequence[Mapping[str, Raw]]:
        found = document if self._records is None else self._records(document)
        return [checked(each, self._about, query) for each in listed_records(found)[: most + 1]]


class XmlReading:
    """XML, by XPath with the prefixes a manifest declares."""

    accept = "application/xml"

    def __init__(self, settings: Mapping[str, Any], mapped: frozenset[str]) -> None:
        with within("xml", "namespaces"):
            prefixes = namespaces(settings["xml"].get("namespaces", {}))
        declared = settings["xml"]["columns"]
        if missing := sorted(mapped - declared.keys()):
            names = ", ".join(missing)
            raise fault(
                ("xml", "columns"), f"映射用到的列未列出：{names}", f"the mapping reads columns not listed: {names}"
            )
        with within("xml", "columns"):
            self._columns = columns(declared, prefixes)
        self._succeeded = xml_place(settings, "succeeded", prefixes)
        self._about = columns({name: settings[name] for name in ("subject_path",) if name in settings}, prefixes)
        with within("records"):
            self._records = elements(settings.get("records", "/*"), prefixes)

    def document(self, answer: Answer) -> Element:
        found = _CHARSET.search(answer.kind)
        document = read(answer.body, charset=found[1] if found else "")
        _check_success(self._succeeded, document)
        return document

    def records(self, document: Element, query: Query, most: int) -> Sequence[Mapping[str, Raw]]:
        found = self._records(document)[: most + 1]
        for about in self._about(found):
            for told in about.values():
                _check_subject(told, query)
        return self._columns(found)


def json_place(settings: Mapping[str, Any], name: str) -> Reader | None:
    """The JMESPath a manifest has under a name. Raises: ManifestFault."""
    if name not in settings:
        return None
    with within(name):
        return expression(settings[name])


def xml_place(settings: Mapping[str, Any], name: str, prefixes: Mapping[str, str]) -> Reader | None:
    """The XPath a manifest has under a name, for one value of a document. Raises: ManifestFault."""
    if name not in settings:
        return None
    with within(name):
        return value(settings[name], prefixes)


def _check_success(succeeded: Callable[[Any], Raw] | None, document: Any) -> None:
    if succeeded is not None and succeeded(document) is not True:
        raise SourceUnavailable("not-succeeded")


def checked(record: Any, about: Callable[[Any], Raw] | None, query: Query) -> Any:
    """The record, unless it says that it is about somebody else. Raises: SourceGarbled."""
    if about is not None:
        _check_subject(about(record), query)
    return record


def _check_subject(told: Raw, query: Query) -> None:
    if str(told).strip().upper() != query.subject.value.upper():
        raise SourceGarbled("other-subject")


def listed_records(found: Raw) -> Sequence[Mapping[str, Raw]]:
    """What stands in the place of the records: one, several or none. Raises: SourceGarbled."""
    if found is None:
        return ()
    listed = [found] if isinstance(found, Mapping) else found
    if isinstance(listed, str) or not isinstance(listed, Sequence):
        raise SourceGarbled("records")
    return [_record(each) for each in listed]


def _record(value: Raw) -> Mapping[str, Raw]:
    if not isinstance(value, Mapping):
        raise SourceGarbled("records")
    return value
