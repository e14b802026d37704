"""The endpoints of locks: which systems are locked, and lifting that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from marshmallow import Schema, fields, validate
from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.forms import Form, TextField, read
from exchange.messages import notices
from exchange.paging import page_size
from exchange.store import epoch, messages, system_locks
from exchange.store.system_locks import Lock
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.personal_data import holds_citizen_number
from kernel.ledger.receipt import Receipt
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.roles import WATCHERS, Role

LIFTED = "SystemLockLifted"
LIFTERS = (Role.SECURITY_ADMINISTRATOR,)
_LONGEST_NAME = 64
_NAMES_SOMEBODY = Text("理由中不能含有个人号码", "The reason must not hold anybody's number")


class LiftLockForm(Form):
    """``POST /v1/system-locks/<lock>/lift``: why. It is recorded for every auditor to read, so it names nobody."""

    reason = TextField(required=True, validate=validate.Length(1, 500, error="length"))


LIFT = LiftLockForm()


@dataclass(frozen=True)
class Locks:
    """Locks of systems."""

    access: Access
    ledger: Ledger
    clock: Clock

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/system-locks``: newest first; those who do not watch see their own department's. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        limit, before = page_size(asked.get("limit")), asked.get("before", "")[:_LONGEST_NAME]
        self.access.spend(officer.caller)
        own = None if officer.officer.roles & WATCHERS else officer.officer.organisation
        with self.access.database.read() as connection:
            found = system_locks.page(connection, own, before, limit + 1)
        following = found[limit - 1].id if len(found) > limit else None
        return json_response({"locks": [_view(one) for one in found[:limit]], "next": following})

    def lift(self, http: HttpRequest, lock: str) -> HttpResponse:
        """``POST /v1/system-locks/<lock>/lift``; lifting twice is as good as once. Raises Problem."""
        officer = self.access.officer(http, *LIFTERS)
        reason = str(read(LIFT, http)["reason"])
        if holds_citizen_number(reason.encode()):
            raise Problem(INVALID_BODY, detail=_NAMES_SOMEBODY)
        with self.access.database.read() as connection:
            found = system_locks.find(connection, lock[:_LONGEST_NAME])
        if found is None:
            raise Problem(errors.LOCK_UNKNOWN)
        if found.lifted_at is not None:
            self.access.spend(officer.caller)
            return json_response(_view(found))
        return json_response(_view(self._lifted(found, officer, reason)))

    def find(self, lock: str) -> dict[str, JSON] | None:
        """One lock, for an officer who may lift it."""
        with self.access.database.read() as connection:
            found = system_locks.find(connection, lock[:_LONGEST_NAME])
        return None if found is None else _view(found)

    def _lifted(self, lock: Lock, officer: AuthorisedOfficer, reason: str) -> Lock:
        now, by = self.clock.now(), officer.officer.id

        def also(connection: Connection, _receipts: Sequence[Receipt]) -> None:
            self.access.spend_within(connection, officer.caller)
            system_locks.lift(connection, lock, by, reason, now)
            epoch.advance(connection)
            messages.put(connection, notices.system_unlocked(lock, now))

        facts: dict[str, JSON] = {"system": lock.system, "consumer": lock.organisation, "by": by, "reason": reason}
        (receipt,) = self.ledger.append([Event(LIFTED, lock.id, facts=facts)], also=also)
        if receipt.repeated:  # lifted by a racing call: nothing of ours was written, the proof included
            self.access.spend(officer.caller)
            with self.access.database.read() as connection:
                return system_locks.find(connection, lock.id) or lock
        return replace(lock, lifted_at=now, lifted_by=by, reason=reason)


def _view(one: Lock) -> dict[str, JSON]:
    return {
        "lock": one.id,
        "system": one.system,
        "organisation": one.organisation,
        "people": one.people,
        "limit": one.limit,
        "at": one.at.isoformat(),
        "status": "in-force" if one.lifted_at is None else "lifted",
        "lifted_at": None if one.lifted_at is None else one.lifted_at.isoformat(),
        "lifted_by": one.lifted_by or None,
        "reason": one.reason or None,
    }


class LockAnswer(Schema):
    """A lock: how many people the system looked up within an hour, and how many it may."""

    lock = fields.String(required=True)
    system = fields.String(required=True)
    organisation = fields.String(required=True)
    people = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    at = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("in-force", "lifted")))
    lifted_at = fields.String(required=True, allow_none=True)
    lifted_by = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class LocksAnswer(Schema):
    """Locks, newest first; ``next`` is the ``before`` of the following page."""

    locks = fields.List(fields.Nested(LockAnswer), required=True)
    next = fields.String(required=True, allow_none=True)
