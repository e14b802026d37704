"""Sealing a person or company: while it holds, nothing about them is released to anybody (ADR 0042).

The register is kept by blind index, so that it names nobody; the entries in the log say who sealed when and until when,
not whom. Sealing and lifting advance the policy epoch: they bind every node as a revoked grant does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from hashlib import sha256

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.forms import read
from exchange.governance.sealing_forms import LIFT, NEW, NewSealing
from exchange.paging import page_size
from exchange.store import epoch, sealings
from exchange.store.sealings import Sealing
from kernel.canonical import JSON, encode
from kernel.clock import Clock
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.personal_data import holds_citizen_number
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.roles import Role

SEALED, LIFTED = "SubjectSealed", "SealingLifted"
SEALERS = (Role.PROVIDER_OFFICER, Role.GOVERNANCE_OFFICER)
READERS = (*SEALERS, Role.DATA_PROTECTION_OFFICER, Role.AUDITOR)

_OVER = Text("截止时间应晚于现在", "The end has to be later than now")
_NAMES_SOMEBODY = Text("依据与理由中不能含有个人号码", "Neither citation nor reason may hold anybody's number")


@dataclass(frozen=True)
class Sealings:
    """The endpoints of the register."""

    access: Access
    ledger: Ledger
    clock: Clock
    entropy: Entropy

    def seal(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/sealings``. Raises Problem."""
        officer = self.access.officer(http, *SEALERS)
        made = self._made(read(NEW, http), officer)

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, officer.caller)
            sealings.add(connection, made)
            epoch.advance(connection)

        self.ledger.append([Event(SEALED, made.id, facts=_facts(made, officer))], also=also)
        return json_response(self._view(made, officer), 201, (("Location", f"/v1/sealings/{made.id}"),))

    def lift(self, http: HttpRequest, sealing: str) -> HttpResponse:
        """``POST /v1/sealings/<sealing>/lift``; lifting twice is as good as once. Raises Problem."""
        officer = self.access.officer(http, *SEALERS)
        reason = str(read(LIFT, http)["reason"])
        if holds_citizen_number(reason.encode()):
            raise Problem(INVALID_BODY, detail=_NAMES_SOMEBODY)
        found = self._own(sealing, officer)
        if found.lifted_at is not None:
            self.access.spend(officer.caller)
            return json_response(self._view(found, officer))
        now = self.clock.now()

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, officer.caller)
            sealings.lift(connection, found.id, now)
            epoch.advance(connection)

        said = {**_facts(found, officer), "reason": reason}
        (receipt,) = self.ledger.append([Event(LIFTED, found.id, facts=said)], also=also)
        if receipt.repeated:  # lifted by a racing call: nothing of ours was written, the proof included
            self.access.spend(officer.caller)
        return json_response(self._view(replace(found, lifted_at=now), officer))

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/sealings``: a providing department's officers see their own. Raises Problem."""
        officer = self.access.officer(http, *READERS)
        asked = http.parameters()
        limit = page_size(asked.get("limit"))
        self.access.spend(officer.caller)
        own = None if _sees_all(officer) else officer.officer.organisation
        with self.access.database.read() as connection:
            found = sealings.page(connection, asked.get("before"), own, limit + 1)
        following = found[limit - 1].id if len(found) > limit else None
        return json_response({"sealings": [self._view(one, officer) for one in found[:limit]], "next": following})

    def show(self, http: HttpRequest, sealing: str) -> HttpResponse:
        """``GET /v1/sealings/<sealing>``: one that this officer finds in the list. Raises Problem."""
        officer = self.access.officer(http, *READERS)
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = sealings.read(connection, sealing)
        own = found is not None and found.organisation == officer.officer.organisation
        if found is None or not (own or _sees_all(officer)):
            raise Problem(errors.SEALING_UNKNOWN)
        return json_response(self._view(found, officer))

    def _made(self, wanted: NewSealing, officer: AuthorisedOfficer) -> Sealing:
        now = self.clock.now()
        if wanted.until <= now:
            raise Problem(INVALID_BODY, detail=_OVER)
        if holds_citizen_number(f"{wanted.citation.zh}\n{wanted.citation.en}".encode()):
            raise Problem(INVALID_BODY, detail=_NAMES_SOMEBODY)
        return Sealing(
            id=new_id("seal", self.clock, self.entropy),
            subject=self.access.indexes.of(wanted.subject),
            organisation=officer.officer.organisation,
            sealed_by=officer.officer.id,
            citation=wanted.citation,
            sealed_at=now,
            until=wanted.until,
        )

    def _own(self, sealing: str, officer: AuthorisedOfficer) -> Sealing:
        """One that this officer may lift: another department's looks exactly like none."""
        with self.access.database.read() as connection:
            found = sealings.read(connection, sealing)
        if found is None or not _may_lift(found, officer):
            raise Problem(errors.SEALING_UNKNOWN)
        return found

    def _view(self, one: Sealing, reader: AuthorisedOfficer) -> dict[str, JSON]:
        in_force = one.holds(self.clock.now())
        ended = "lifted" if one.lifted_at is not None else "ended"
        return {
            "sealing": one.id,
            "organisation": one.organisation,
            "citation": {"zh": one.citation.zh, "en": one.citation.en},
            "sealed_at": one.sealed_at.isoformat(),
            "until": one.until.astimezone(UTC).isoformat(),
            "lifted_at": None if one.lifted_at is None else one.lifted_at.isoformat(),
            "status": "in-force" if in_force else ended,
            "commands": ["lift"] if in_force and _may_lift(one, reader) else [],
        }


def _may_lift(one: Sealing, officer: AuthorisedOfficer) -> bool:
    """By the capacity that lifts: one that only reads lends it nothing of what it sees."""
    roles, own = officer.officer.roles, one.organisation == officer.officer.organisation
    return Role.GOVERNANCE_OFFICER in roles or (own and Role.PROVIDER_OFFICER in roles)


def _sees_all(officer: AuthorisedOfficer) -> bool:
    return not officer.officer.roles.isdisjoint(READERS[1:])


def _facts(one: Sealing, officer: AuthorisedOfficer) -> dict[str, JSON]:
    """What every auditor may read for ever: the ground only as a digest, and nothing of whom it is about."""
    citation = encode({"zh": one.citation.zh, "en": one.citation.en})
    return {
        "by": officer.officer.id,
        "organisation": officer.officer.organisation,
        "until": one.until.astimezone(UTC).isoformat(),
        "citation": f"sha256:{sha256(citation).hexdigest()}",
    }
