"""Whether what is read of return flows agrees with the log.

A provider counts files and their rows; a person finds their records in a flow by pseudonyms. The entry of a file's
making is the measure of both: of the file as it is listed, of its flow, and of how many records that flow held then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from exchange.return_flow.making import LEASE, TOLD
from exchange.store import return_flow_books, return_flows
from exchange.store.return_flow_books import Counted
from exchange.store.return_flows import File, FileStatus, Flow
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.log import Ledger
from policies.return_flows import Status

Differs = Callable[[str, str], None]
"""Notes a difference: its kind, and where (an entry by its index, else a flow or file)."""
_OF_FILE: Mapping[str, Callable[[Any], JSON]] = {
    "kind": lambda file: file.kind.value,
    "division": lambda file: file.division,
    "grants": lambda file: [*file.grants.split()],
    "rows": lambda file: file.rows,
    "unreadable": lambda file: file.unreadable,
    "parts": lambda file: file.parts,
    "digest": lambda file: file.digest,
}
"""Facts of an entry, and what the file that is listed says instead."""
_OF_FLOW: Mapping[str, Callable[[Any], JSON]] = {
    "system": lambda flow: flow.system,
    "consumer": lambda flow: flow.organisation,
    "evidence_type": lambda flow: flow.evidence_type,
    "service_item": lambda flow: flow.service_item,
    "legal_basis": lambda flow: flow.legal_basis,
    "fields": lambda flow: [*flow.fields],
}


class FlowBooks:
    """Looks at one entry of a file's making after the other, in the order of the log, then at what none was about."""

    def __init__(self, database: Database, clock: Clock, differs: Differs) -> None:
        """``differs`` is told of every difference."""
        self._database, self._clock, self._differs = database, clock, differs
        self._seen: set[tuple[str, int]] = set()
        self._newest: dict[str, tuple[int, int | None]] = {}

    @property
    def files(self) -> int:
        """How many files entries were about."""
        return len(self._seen)

    def look(self, index: int, members: Any) -> None:
        """Compare an entry with the file it made. Raises DatabaseUnavailable."""
        name, number, facts = str(members["request"]), int(members["item"]), members["facts"]
        self._seen.add((name, number))
        self._newest[name] = number, facts.get("records")
        with self._database.read() as connection:
            flow, file = return_flows.find(connection, name), return_flows.file(connection, name, number)
        if file is None or (file.status, file.entry) != (FileStatus.READY, index):
            self._differs("file-not-listed", str(index))
        elif _differ(_OF_FILE, facts, file) or not _made_then(file, members):
            self._differs("file", str(index))
        if flow is None or _differ(_OF_FLOW, facts, flow):
            self._differs("flow", str(index))

    def close(self, size: int, ledger: Ledger) -> None:
        """Compare what is left once every entry below ``size`` was looked at. Raises DatabaseUnavailable."""
        with self._database.read() as connection:
            listed = return_flow_books.every_ready(connection)
        end = ledger.size()  # read after: what is listed below it and not below size was made meanwhile
        for (flow, number), entry in listed.items():
            if (flow, number) not in self._seen and not size <= entry < end:
                self._differs("file-without-entry", f"{flow}/{number}")
        for flow, (number, records) in self._newest.items():
            if records is not None and not self._holds(flow, number, records):
                self._differs("records-of-flow", flow)

    def _holds(self, flow: str, number: int, records: int) -> bool:
        """Whether as many people read that a flow has or had their record as it held after its newest file."""
        with self._database.read() as connection:
            found = return_flow_books.counted(connection, flow, number)
        return found is None or self._forgotten(found) or _agrees(found, number, records)

    def _forgotten(self, found: Counted) -> bool:
        """Whether all who were in a flow may have been told for long enough."""
        return found.status is Status.ENDED and found.made_at < self._clock.now() - TOLD


def _differ(compared: Mapping[str, Callable[[Any], JSON]], facts: Any, row: File | Flow) -> bool:
    return any(facts.get(fact) != said(row) for fact, said in compared.items())


def _made_then(file: File, members: Any) -> bool:
    """Whether a file counts for the time it was made: its entry was written while its maker held the flow."""
    return abs(datetime.fromisoformat(str(members["at"])) - file.made_at) <= LEASE


def _agrees(found: Counted, number: int, records: int) -> bool:
    """While another file is being made, some were met in it already, and of them some had not been in this one."""
    if found.newest != number:
        return found.met <= records <= found.later
    living = records if found.status is Status.ACTIVE else 0
    return (found.met, found.living) == (records, living)
