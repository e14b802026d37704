"""Rights that nobody used: the API's own report, and one step that drafts the version without them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from exchange import errors
from exchange.console.attempt import HOME
from exchange.console.door import Door, Refusal, Visitor, page, refused
from exchange.console.inside import as_json_post, asking, told
from exchange.governance.endpoints import Grants
from exchange.governance.simulation.unused import UnusedRights
from exchange.governance.views import names
from exchange.in_force.snapshot import current
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import t
from kernel.web.routes import Route
from policies.grants.commands import TABLE, DraftGrant
from policies.roles import Role

UNUSED = f"{HOME}/unused"
MAY_DRAFT = frozenset(role for role, kinds in TABLE[None].items() if DraftGrant in kinds)


@dataclass(frozen=True)
class UnusedPages:
    """The pages about unused rights. The rooms are the API's own, entered by a session."""

    door: Door
    grants: Grants
    rights: UnusedRights

    def report(self, visitor: Visitor, request: HttpRequest) -> HttpResponse:
        """Every grant in force of which something was not used."""
        found = told(self.rights.report(asking(request)))
        return page(
            "unused",
            visitor,
            request,
            title=Text("未使用的权限", "Unused rights"),
            days=found["days"],
            rows=[self._row(one) for one in found["grants"]],
            drafting=not MAY_DRAFT.isdisjoint(visitor.roles),
        )

    def ask(self, visitor: Visitor, request: HttpRequest, grant: str) -> HttpResponse:
        """The page before the draft. Raises Problem."""
        found = told(self.rights.report(asking(request)))
        ref = self.grants.find(grant).grant.ref
        rows = [self._row(one) for one in found["grants"] if one["grant"] == ref and one["proposal"] == "tighten"]
        if not rows:
            raise Problem(NOT_FOUND)
        title = Text(f"收紧授权 {ref}", f"Tighten grant {ref}")
        return page("tighten", visitor, request, title=title, row=rows[0], days=found["days"], back=UNUSED)

    def act(self, visitor: Visitor, request: HttpRequest, grant: str) -> HttpResponse:
        """Draft the version without what nobody used. Raises Problem."""
        try:
            made = told(self.rights.tighten(as_json_post(request, {}), grant))
        except Problem as problem:
            if problem.kind is errors.GRANT_NOT_ALLOWED:
                reason = problem.detail or problem.kind.title
                return refused(visitor, request, Refusal(reason, MAY_DRAFT), UNUSED)
            raise
        return redirect(f"{HOME}/grants/{quote(made['ref'])}")

    def routes(self) -> tuple[Route, ...]:
        """The addresses."""
        report, tighten = Text("未使用的权限", "Unused rights"), Text("收紧授权", "Tightening a grant")
        drafters = MAY_DRAFT - {Role.EXCHANGE}
        return (
            self.door.route("GET", "/unused", self.report, report),
            self.door.route("GET", "/unused/<grant>", self.ask, tighten, drafters),
            self.door.route("POST", "/unused/<grant>", self.act, tighten, drafters),
        )

    def _row(self, found: Any) -> dict[str, Any]:
        grant = self.grants.find(found["grant"]).grant
        name = names(current(self.door.access.policy).registry, grant.evidence_type)
        return {
            "ref": grant.ref,
            "href": f"{HOME}/grants/{quote(grant.ref)}",
            "tighten": f"{UNUSED}/{quote(grant.ref)}" if found["proposal"] == "tighten" else "",
            "what": t(name(grant.evidence_type)),
            "consumer": t(name(grant.consumer)),
            "releases": found["releases"],
            "last": datetime.fromisoformat(found["last"]) if found["last"] else None,
            "left_out": len(found["expectations_left_out"]),
            "unused": [t(name(each)) for each in (*found["unused_fields"], *found["unused_predicates"])],
        }
