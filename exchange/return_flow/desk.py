"""The endpoints of the return flow: a department's system subscribes, sees its files, and fetches them part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.forms import read
from exchange.paging import page_size
from exchange.return_flow.forms import NEW
from exchange.return_flow.making import grants_of
from exchange.return_flow.reading import Reader
from exchange.return_flow.rows import columns
from exchange.return_flow.safe import Safe
from exchange.return_flow.transitions import FlowTransitions, facts_of
from exchange.store import return_flows
from exchange.store.return_flows import File, FileStatus, Flow, Part
from kernel.canonical import JSON
from kernel.envelope import CannotOpen
from kernel.ids import new_id
from kernel.ledger.errors import FenceMoved
from kernel.ledger.event import Event
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.return_flows import Status

DOWNLOADED = "ReturnFlowDownloaded"
_MOST_DIGITS = 9
_BAD_NUMBER = Text("after 应为文件序号", "after is the number of a file")


@dataclass(frozen=True)
class ReturnFlowDesk:
    """The endpoints."""

    access: Access
    transitions: FlowTransitions
    safe: Safe
    reader: Reader

    def open(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/return-flows``. Raises Problem."""
        caller = self.access.system(http)
        asker = self.access.asking_system(caller)
        made = self.transitions.open(read(NEW, http), caller.system, caller.snapshot, asker)
        return json_response(flow_view(made), 201, (("Location", f"/v1/return-flows/{made.id}/files"),))

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/return-flows``: the caller's own. Raises Problem."""
        caller = self.access.system(http)
        self.access.spend(caller.caller)
        with self.access.database.read() as connection:
            found = return_flows.of_system(connection, caller.system.name)
        return json_response({"flows": [flow_view(each) for each in found]})

    def end(self, http: HttpRequest, flow: str) -> HttpResponse:
        """``POST /v1/return-flows/<flow>/end``: for ever; what lies here of it is deleted. Raises Problem."""
        caller = self.access.system(http)
        found = self._own(caller, flow)
        return json_response(flow_view(self.transitions.end(found, self.access.asking_system(caller))))

    def files(self, http: HttpRequest, flow: str) -> HttpResponse:
        """``GET /v1/return-flows/<flow>/files``: ready ones, with parts and receipts. Raises Problem."""
        caller, asked = self.access.system(http), http.parameters()
        found = self._own(caller, flow)
        limit, after = page_size(asked.get("limit")), _number(asked.get("after", "0"), INVALID)
        self.access.spend(caller.caller)
        with self.access.database.read() as connection:
            ready = return_flows.files(connection, found.id, after, limit + 1)
            parts = {each.number: return_flows.parts(connection, found.id, each.number) for each in ready[:limit]}
        page: Sequence[JSON] = [
            file_view(each, found.fields, parts[each.number], self.transitions.ledger.receipt(each.entry).text)
            for each in ready[:limit]
        ]
        return json_response({"files": page, "more": len(ready) > limit})

    def part(self, http: HttpRequest, flow: str, file: str, part: str) -> HttpResponse:
        """``GET /v1/return-flows/<flow>/files/<file>/parts/<part>``: recorded, then given. Raises Problem."""
        caller = self.access.unlocked_system(http)
        found = self._own(caller, flow)
        unknown = Problem(errors.RETURN_FLOW_FILE_UNKNOWN)
        made, piece = self._piece(found, _number(file, unknown), _number(part, unknown))
        asker, now = self.access.asking_system(caller), self.transitions.clock.now()
        decides = self.transitions.ruling(found, caller.snapshot, asker)
        if (made.grants, made.division) != (grants_of(decides, now), decides.division):
            raise self.transitions.refusal(found, asker)  # made under another right than the one that holds now
        with self.access.database.read() as connection:
            if self.reader.meets_sealed(connection, made):
                raise self.transitions.refusal(found, asker)  # somebody in it was sealed: the next is without them
        try:
            content = self.safe.content(made, piece)
        except CannotOpen:
            raise unknown from None
        self._left(found, made, piece, caller)
        headers = (
            (
                "Content-Type",
                f"text/csv; charset={found.charset}; header={'present' if piece.number == 1 else 'absent'}",
            ),
            ("Content-Disposition", f'attachment; filename="{found.id}-{made.number}-{piece.number}.csv"'),
            ("Cache-Control", "no-store"),
        )
        return HttpResponse(200, content, headers)

    def _left(self, found: Flow, made: File, piece: Part, caller: AuthorisedSystem) -> None:
        """Recorded before it is given, and only under the epoch in which it was allowed. Raises Problem."""
        now, entropy = self.transitions.clock.now(), self.transitions.entropy

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller.caller)
            return_flows.fetched(connection, made, piece, now)

        facts = facts_of(found) | {"file": made.number, "part": piece.number, "digest": piece.digest}
        entry = Event(DOWNLOADED, new_id("rfd", self.transitions.clock, entropy), facts=facts)
        try:
            self.transitions.ledger.append([entry], fence=caller.snapshot.epoch, also=also)
        except FenceMoved:
            raise Problem(errors.POLICY_STALE) from None

    def _piece(self, found: Flow, file: int, part: int) -> tuple[File, Part]:
        with self.access.database.read() as connection:
            made = return_flows.file(connection, found.id, file)
            piece = return_flows.part(connection, found.id, file, part)
        if made is None or piece is None or made.status is not FileStatus.READY:
            raise Problem(errors.RETURN_FLOW_FILE_UNKNOWN)
        return made, piece

    def _own(self, caller: AuthorisedSystem, flow: str) -> Flow:
        with self.access.database.read() as connection:
            found = return_flows.find(connection, flow)
        if found is None or found.system != caller.system.name or found.status is not Status.ACTIVE:
            raise Problem(errors.RETURN_FLOW_UNKNOWN)
        return found


INVALID = Problem(INVALID_BODY, detail=_BAD_NUMBER)


def _number(text: str, otherwise: Problem) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise otherwise
    return int(text)


def flow_view(flow: Flow) -> dict[str, JSON]:
    """A return flow, as its system reads it."""
    return {
        "flow": flow.id,
        "evidence_type": flow.evidence_type,
        "service_item": flow.service_item,
        "legal_basis": flow.legal_basis,
        "fields": [*flow.fields],
        "charset": flow.charset,
        "every": flow.every,
        "status": flow.status.value,
        "trouble": flow.trouble or None,
        "next_file": flow.due_at.isoformat(),
        "created_at": flow.created_at.isoformat(),
    }


def file_view(file: File, fields: Sequence[str], parts: Sequence[Part], receipt: str) -> dict[str, JSON]:
    """A ready file of a flow with these fields: its columns, its parts and the receipt of its entry."""
    listed: list[JSON] = [{"number": each.number, "size": each.size, "sha256": each.digest} for each in parts]
    return {
        "number": file.number,
        "kind": file.kind.value,
        "made_at": file.made_at.isoformat(),
        "division": file.division,
        "columns": [*columns(fields)],
        "rows": file.rows,
        "unreadable": file.unreadable,
        "digest": file.digest,
        "parts": listed,
        "receipt": receipt,
    }
