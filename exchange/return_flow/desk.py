"""The endpoints of the return flow: a department's system subscribes, sees its files, and fetches them part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.forms import read
from exchange.gateway.entries import REFUSAL
from exchange.paging import page_size
from exchange.return_flow.forms import NEW
from exchange.return_flow.making import grants_of
from exchange.return_flow.reading import Reader
from exchange.return_flow.ruling import Purpose, Ruling, ruling
from exchange.return_flow.safe import Safe
from exchange.store import return_flows
from exchange.store.return_flows import File, FileStatus, Flow, Part, Status
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.envelope import CannotOpen
from kernel.ids import new_id
from kernel.ledger.errors import FenceMoved
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response

OPENED, ENDED, DOWNLOADED = "ReturnFlowOpened", "ReturnFlowEnded", "ReturnFlowDownloaded"
MOST_FLOWS = 50
"""Of one system."""
_MOST_DIGITS = 9
_BAD_NUMBER = Text("after 应为文件序号", "after is the number of a file")


@dataclass(frozen=True)
class ReturnFlowDesk:
    """The endpoints."""

    access: Access
    ledger: Ledger
    safe: Safe
    reader: Reader
    clock: Clock
    entropy: Entropy

    def open(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/return-flows``. Raises Problem."""
        caller = self.access.system(http)
        made = self._made(read(NEW, http), caller)
        decides = self._ruling(made, caller)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller.caller)
            if len(return_flows.of_system(connection, made.system)) >= MOST_FLOWS:
                raise Problem(errors.RETURN_FLOWS_TOO_MANY)
            return_flows.add(connection, made)

        facts = _facts(made) | {"division": decides.division, "grants": [*self._grants(decides).split()]}
        self._append(Event(OPENED, made.id, facts=facts), caller, also)
        return json_response(_view(made), 201, (("Location", f"/v1/return-flows/{made.id}/files"),))

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/return-flows``: the caller's own. Raises Problem."""
        caller = self.access.system(http)
        self.access.spend(caller.caller)
        with self.access.database.read() as connection:
            found = return_flows.of_system(connection, caller.system.name)
        return json_response({"flows": [_view(each) for each in found]})

    def end(self, http: HttpRequest, flow: str) -> HttpResponse:
        """``POST /v1/return-flows/<flow>/end``: for ever; what lies here of it is deleted. Raises Problem."""
        caller = self.access.system(http)
        found = self._own(caller, flow)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, caller.caller)
            if not return_flows.end(connection, found):
                raise Problem(errors.RETURN_FLOW_UNKNOWN)

        self.ledger.append([Event(ENDED, found.id, facts=_facts(found))], also=also)
        return json_response(_view(replace(found, status=Status.ENDED)))

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
            _file_view(each, parts[each.number], self.ledger.receipt(each.entry).text) for each in ready[:limit]
        ]
        return json_response({"files": page, "more": len(ready) > limit})

    def part(self, http: HttpRequest, flow: str, file: str, part: str) -> HttpResponse:
        """``GET /v1/return-flows/<flow>/files/<file>/parts/<part>``: recorded, then given. Raises Problem."""
        caller = self.access.unlocked_system(http)
        found = self._own(caller, flow)
        unknown = Problem(errors.RETURN_FLOW_FILE_UNKNOWN)
        made, piece = self._piece(found, _number(file, unknown), _number(part, unknown))
        decides = self._ruling(found, caller)
        if (made.grants, made.division) != (self._grants(decides), decides.division):
            raise self._refusal(found, caller)  # made under another right than the one that holds now
        with self.access.database.read() as connection:
            if self.reader.meets_sealed(connection, found.id, made.made_at):
                raise self._refusal(found, caller)  # somebody in it was sealed since; the next file is without them
        try:
            content = self.safe.content(made, piece)
        except CannotOpen:
            raise unknown from None

        facts = _facts(found) | {"file": made.number, "part": piece.number, "digest": piece.digest}
        self._append(
            Event(DOWNLOADED, new_id("rfd", self.clock, self.entropy), facts=facts),
            caller,
            self.access.spending(caller.caller),
        )
        headers = (
            (
                "Content-Type",
                f"text/csv; charset={found.charset}; header={'present' if piece.number == 1 else 'absent'}",
            ),
            ("Content-Disposition", f'attachment; filename="{found.id}-{made.number}-{piece.number}.csv"'),
            ("Cache-Control", "no-store"),
        )
        return HttpResponse(200, content, headers)

    def _append(self, entry: Event, caller: AuthorisedSystem, also: Any) -> None:
        """Only under the epoch in which it was allowed. Raises Problem (policy.stale-epoch)."""
        try:
            self.ledger.append([entry], fence=caller.snapshot.epoch, also=also)
        except FenceMoved:
            raise Problem(errors.POLICY_STALE) from None

    def _piece(self, found: Flow, file: int, part: int) -> tuple[File, Part]:
        with self.access.database.read() as connection:
            made = return_flows.file(connection, found.id, file)
            piece = return_flows.part(connection, found.id, file, part)
        if made is None or piece is None or made.status is not FileStatus.READY:
            raise Problem(errors.RETURN_FLOW_FILE_UNKNOWN)
        return made, piece

    def _ruling(self, flow: Flow, caller: AuthorisedSystem) -> Ruling:
        """Who decides for a flow that may be, now. Raises Problem."""
        purpose = Purpose(flow.evidence_type, flow.service_item, flow.legal_basis, frozenset(flow.fields))
        now = self.clock.now()
        decides = ruling(caller.snapshot, flow.system, purpose, now)
        if decides is None or decides.at_all(now) is None:
            raise self._refusal(flow, caller)
        return decides

    def _refusal(self, flow: Flow, caller: AuthorisedSystem) -> Problem:
        """Why not, recorded. Raises Problem (token.proof-replayed)."""
        facts = _facts(flow) | {"reason": errors.RETURN_FLOW_NOT_GRANTED.code}
        refused = Event(REFUSAL, new_id("rfx", self.clock, self.entropy), facts=facts)
        self.ledger.append([refused], also=self.access.spending(caller.caller))
        return Problem(errors.RETURN_FLOW_NOT_GRANTED)

    def _grants(self, decides: Ruling) -> str:
        return grants_of(decides, self.clock.now())

    def _made(self, wanted: Mapping[str, Any], caller: AuthorisedSystem) -> Flow:
        now = self.clock.now()
        source = caller.snapshot.sources.get(wanted["evidence_type"])
        if source is not None and not source.enumerable:
            raise Problem(errors.RETURN_FLOW_SOURCE_CANNOT)
        return Flow(
            id=new_id("rfl", self.clock, self.entropy),
            system=caller.system.name,
            organisation=caller.system.organisation,
            evidence_type=wanted["evidence_type"],
            service_item=wanted["service_item"],
            legal_basis=wanted["legal_basis"],
            fields=tuple(dict.fromkeys(wanted["names"])),
            charset=wanted["charset"],
            every=wanted["every"],
            created_at=now,
            due_at=now,
        )

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


def _view(flow: Flow) -> dict[str, JSON]:
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


def _file_view(file: File, parts: Sequence[Part], receipt: str) -> dict[str, JSON]:
    listed: list[JSON] = [{"number": each.number, "size": each.size, "sha256": each.digest} for each in parts]
    return {
        "number": file.number,
        "kind": file.kind.value,
        "made_at": file.made_at.isoformat(),
        "division": file.division,
        "rows": file.rows,
        "unreadable": file.unreadable,
        "digest": file.digest,
        "parts": listed,
        "receipt": receipt,
    }


def _facts(flow: Flow) -> dict[str, JSON]:
    return {
        "system": flow.system,
        "consumer": flow.organisation,
        "evidence_type": flow.evidence_type,
        "service_item": flow.service_item,
        "legal_basis": flow.legal_basis,
        "fields": [*flow.fields],
        "flow": flow.id,
    }
