"""The endpoints by which officers of the asking department see what their systems asked people to consent to.

Of an adult a blind index is kept alone; the number of a minor or a company lies sealed beside the entry that asks (ADR
0062). An officer reads neither, and finds a consent by the case it was asked for in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.catalogue.naming import named
from exchange.catalogue.registry import Registry
from exchange.consents.views import detailed
from exchange.gateway.sealing import instant
from exchange.in_force.snapshot import current
from exchange.paging import page_size
from exchange.store import consents
from exchange.store.consents import Artefact, Stage
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.roles import Role

READERS = frozenset({Role.DATA_PROTECTION_OFFICER, Role.AUDITOR})
"""Who sees those of every department; everybody else sees their own department's."""
_LONGEST_NAME = 64
_BAD_STAGE = Text("show 应为 all、waiting、standing 或 over", "show is all, waiting, standing or over")


@dataclass(frozen=True)
class DepartmentConsents:
    """The endpoints. ``access`` lets officers in: by a token at the API, by a session at the pages."""

    access: Access
    clock: Clock

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/department/consents``: newest first. Raises Problem."""
        officer, asked = self.access.officer(http), http.parameters()
        limit, before = page_size(asked.get("limit")), asked.get("before", "")[:_LONGEST_NAME]
        stage, case = _stage(asked.get("show", "all")), asked.get("case", "").strip()[:_LONGEST_NAME]
        self.access.spend(officer.caller)
        own = None if officer.officer.roles & READERS else officer.officer.organisation
        now, registry = self.clock.now(), current(self.access.policy).registry
        with self.access.database.read() as connection:
            found = consents.of_organisation(connection, own, stage, case, now, before=before, limit=limit + 1)
        following = found[limit - 1].id if len(found) > limit else None
        listed: Sequence[JSON] = [_view(one, registry, now) for one in found[:limit]]
        return json_response({"consents": listed, "next": following})

    def show(self, http: HttpRequest, consent: str) -> HttpResponse:
        """``GET /v1/department/consents/<consent>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        found = self._found(consent, officer)
        return json_response(_view(found, current(self.access.policy).registry, self.clock.now()))

    def _found(self, consent: str, officer: AuthorisedOfficer) -> Artefact:
        with self.access.database.read() as connection:
            found = consents.read(connection, consent[:_LONGEST_NAME])
        own = found is not None and found.terms.organisation == officer.officer.organisation
        if found is None or not (own or officer.officer.roles & READERS):
            raise Problem(errors.CONSENT_UNKNOWN)
        return found


def _stage(text: str) -> Stage | None:
    if text == "all":
        return None
    try:
        return Stage(text)
    except ValueError:
        raise Problem(INVALID_BODY, detail=_BAD_STAGE) from None


def _view(one: Artefact, registry: Registry, at: datetime) -> dict[str, Any]:
    """As whoever it is about reads it, with the case and system it was asked for in."""
    system = registry.systems.get(one.system)
    return detailed(one, registry, at) | {
        "system": named(one.system, system.title if system else None),
        "asked_in": one.terms.case,
        "declined_at": None if one.declined_at is None else instant(one.declined_at),
    }
