"""Writing grants down: a new one, another text of a draft, a new version. Nothing here takes effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.catalogue.grant_asked import asked_grant
from exchange.forms import read
from exchange.governance.endpoints import Grants, parse_reference
from exchange.governance.forms import GRANT_TEXT, NEW_GRANT
from exchange.in_force.snapshot import current
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from policies.grants.commands import DraftGrant, ReviseGrant
from policies.grants.events import GrantState, Status
from policies.grants.grant import Grant

_STILL_A_DRAFT = Text(
    "最新的版本还是草稿，请直接修改它", "The newest version is a draft still: change that one instead"
)


@dataclass(frozen=True)
class Drafting:
    """The endpoints by which officers write grants; who may, ``policies.grants.lifecycle`` decides."""

    access: Access
    grants: Grants
    clock: Clock
    entropy: Entropy

    def draft(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/grants``. Raises Problem."""
        officer = self.access.officer(http)
        body = read(NEW_GRANT, http)
        name = body.get("id") or new_id("G", self.clock, self.entropy).replace("_", "-")
        grant = self._grant(body["grant"], officer, name, 1, http.language)
        return self.grants.carry_out(DraftGrant(grant), grant.ref, officer, status=201)

    def revise(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``POST /v1/grants/<grant>/revise``. Raises Problem."""
        officer = self.access.officer(http)
        body = read(GRANT_TEXT, http)
        seen = self._seen(grant, body)
        text = self._grant(body["grant"], officer, seen.grant.id, seen.grant.version, http.language)
        return self.grants.carry_out(ReviseGrant(text), seen.grant.ref, officer, seen=seen.revision)

    def renew(self, http: HttpRequest, grant: str) -> HttpResponse:
        """``POST /v1/grants/<grant>/renew``: a new version of the newest. Raises Problem."""
        officer = self.access.officer(http)
        body = read(GRANT_TEXT, http)
        newest = self._seen(parse_reference(grant)[0], body)
        if newest.status is Status.DRAFTED:
            raise Problem(errors.GRANT_NOT_ALLOWED, detail=_STILL_A_DRAFT, members={"reason": "grant.draft-exists"})
        seen = newest.grant
        text = self._grant(body["grant"], officer, seen.id, seen.version + 1, http.language)
        return self.grants.carry_out(DraftGrant(text), text.ref, officer, status=201)

    def _seen(self, grant: str, body: Mapping[str, Any]) -> GrantState:
        state = self.grants.find(grant)
        if body.get("revision", state.revision) != state.revision:
            raise Problem(errors.GRANT_CHANGED)
        return state

    def _grant(
        self, asked: Mapping[str, Any], officer: AuthorisedOfficer, name: str, version: int, language: str
    ) -> Grant:
        registry = current(self.access.policy).registry
        own = {"consumer": officer.officer.organisation}
        return asked_grant(registry, {**own, **asked}, name=name, version=version, language=language)
