"""Records held in memory: for tests, and as the smallest example of an adapter that keeps every law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.adapters import Adapter, Opening
from connectors.base import Query, Raw, Record
from connectors.errors import SourceTooLarge, SourceUnavailable
from connectors.further import conditions
from connectors.templates import template

NOWHERE: Mapping[str, str] = {}


class MemoryConnector:
    """Finds records whose `subject_column` equals the subject, and further columns what a manifest says."""

    kind = "memory"
    keeps_deadline = True
    lists = True

    def __init__(
        self,
        records: Sequence[Mapping[str, Raw]],
        subject_column: str,
        *,
        max_bytes: int = 262_144,
        where: Mapping[str, str] = NOWHERE,
    ) -> None:
        self._records = tuple(records)
        self._subject_column = subject_column
        self._max_bytes = max_bytes
        self._where = [(subject_column, template("{subject}")), *((name, template(one)) for name, one in where.items())]
        self._closed = False

    def fetch(self, query: Query) -> tuple[Record, ...]:
        """The subject's records."""
        if self._closed:
            raise SourceUnavailable("closed")
        wanted = {name: value(query) for name, value in self._where}
        found = [one for one in self._records if all(one.get(name) == value for name, value in wanted.items())]
        if sum(size(record) for record in found) > self._max_bytes:
            raise SourceTooLarge("bytes")
        return tuple(Record(record) for record in found)

    def subjects(self, after: str, limit: int, deadline: float) -> tuple[str, ...]:  # noqa: ARG002 - nothing takes time
        """Whom there are records of, in order."""
        if self._closed:
            raise SourceUnavailable("closed")
        held = {str(record[self._subject_column]) for record in self._records if record.get(self._subject_column)}
        return tuple(sorted(each for each in held if each > after)[:limit])

    def close(self) -> None:
        """Forget the records."""
        self._closed = True
        self._records = ()


def size(values: Mapping[str, Raw]) -> int:
    """Bytes of a record's values, as UTF-8 text."""
    return sum(len(str(value).encode()) for value in values.values() if value is not None)


def _open(settings: Mapping[str, Any], opening: Opening) -> MemoryConnector:
    bounds, where = opening.limits.max_bytes, settings.get("where", NOWHERE)
    return MemoryConnector(settings["records"], settings["subject_column"], max_bytes=bounds, where=where)


ADAPTER = Adapter(
    parse=lambda settings, _: settings,
    open=_open,
    settings_schema={
        "type": "object",
        "required": ["subject_column", "records"],
        "additionalProperties": False,
        "properties": {
            "subject_column": {"type": "string"},
            "records": {"type": "array", "items": {"type": "object"}},
            "where": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    },
    leave_out=conditions("where"),
)
