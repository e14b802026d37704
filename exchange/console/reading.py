"""Pages to read: how a department's data was used, and the ledger's newest checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Door, Visitor, page
from exchange.console.inside import asking, told
from exchange.console.looking_back import LookingBack
from exchange.console.return_flows import FLOWS
from exchange.console.words import listed, said, text_of
from exchange.store.deliveries import NO_STATUS, STATUS_TOLD
from exchange.transparency.log import Log
from exchange.transparency.usage import Usage
from kernel.problems import NUMBER_INVALID, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.roles import Role

_PERIODS = LookingBack((7, 30, 90), usual=30)
_OUTCOMES = {
    "released": Text("已提供", "Provided"),
    "refused": Text("被拒绝", "Refused"),
    "failed": Text("未能取得", "Not obtained"),
    STATUS_TOLD: Text("已答复证照状态", "Told how it stands"),
    NO_STATUS: Text("无证照状态记录", "No status on record"),
}


@dataclass(frozen=True)
class ReadingPages:
    """Pages that change nothing. The rooms are the API's own, entered by a session."""

    door: Door
    usage: Usage
    log: Log

    def used(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Who used the data of the officer's department, how often, why, with what result; what went back in bulk."""
        days = _PERIODS.days(request.parameters().get("days"))
        until = self.usage.clock.now() + timedelta(microseconds=1)
        query = urlencode({"from": (until - timedelta(days=days)).isoformat(), "to": until.isoformat()})
        found = told(self.usage.of_provider(asking(request, query)))
        rows = [
            {
                "consumer": said(use["consumer_name"], use["consumer"]),
                "what": said(use["evidence_type_name"], use["evidence_type"]),
                "item": said(use["service_item_name"], use["service_item"]),
                "outcome": t(_OUTCOMES.get(use["outcome"], Text(use["outcome"], use["outcome"]))),
                "count": use["count"],
                "last": datetime.fromisoformat(use["last"]),
            }
            for use in found["uses"]
        ]
        return page(
            "usage",
            visitor,
            request,
            title=Text("本部门数据的使用", "Use of our data"),
            rows=rows,
            flows=[_flowed(one) for one in found["return_flows"]],
            periods=_PERIODS.tabs(lambda each: f"{HOME}/usage?days={each}", days),
        )

    def ledger(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """The newest checkpoint, and an entry's proof for whoever names its number. Raises Problem."""
        checkpoint = self.log.checkpoint(request).body.decode()
        origin, size, root = checkpoint.split("\n")[:3]
        index = request.parameters().get("index", "").strip()
        proof, error, status = "", None, 200
        if index:
            try:
                proof = self.log.proof(asking(request, urlencode({"index": index}))).body.decode()
            except Problem as problem:
                if problem.kind not in {errors.ENTRY_UNKNOWN, NUMBER_INVALID}:
                    raise
                status = problem.kind.status
                error = problem.kind.title if problem.kind is errors.ENTRY_UNKNOWN else problem.kind.next_step
        return page(
            "ledger",
            visitor,
            request,
            status=status,
            title=Text("账本", "Ledger"),
            facts=[
                (t("名称", "Name"), origin),
                (t("条目数", "Entries"), size),
                (t("根散列", "Root hash"), root),
                (t("验证密钥", "Verifier key"), self.log.key(request).body.decode().strip()),
            ],
            checkpoint=checkpoint,
            index=index,
            proof=proof,
            error=error,
        )

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        door, providers = self.door, frozenset({Role.PROVIDER_OFFICER})
        used, log = Text("数据使用", "Use of data"), Text("账本", "Ledger")
        return (
            door.route("GET", "/usage", self.used, used, providers),
            door.route("GET", "/ledger", self.ledger, log),
        )


def _flowed(one: Mapping[str, Any]) -> dict[str, Any]:
    """What went back to a district in bulk, as a row."""
    return {
        "href": f"{FLOWS}/{quote(one['flow'])}",
        "consumer": said(one["consumer_name"], one["consumer"]),
        "what": said(one["evidence_type_name"], one["evidence_type"]),
        "fields": listed(text_of(name) for name in one["field_names"]),
        "item": said(one["service_item_name"], one["service_item"]),
        "division": said(one["division_name"], one["division"]),
        "files": one["files"],
        "rows": one["rows"],
        "last": datetime.fromisoformat(one["last"]),
    }
