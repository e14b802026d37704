"""The endpoints by which officers say where the messages of their office are sent, and see whether they arrive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.forms import read
from exchange.forwarding.forms import CHANGE, ENTER
from exchange.forwarding.transitions import ForwardingTransitions, Wanted
from exchange.store import forwardings
from exchange.store.forwardings import WAITING, Forwarding, Post
from kernel.canonical import JSON
from kernel.envelope import CannotOpen
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.forwarding import Command, Language, Pace, Way, commands
from policies.roles import Role

MOST_POSTS = 20
"""Shown of an address, newest first."""
_LONGEST_NAME = 64
_BAD_ADDRESS = Text(
    "地址不可用：邮件须为规范的邮箱且域名在允许之列，推送须为 https 地址",
    "This address cannot be used: mail needs a plain mailbox of an admitted domain, a webhook an https address",
)


@dataclass(frozen=True)
class ForwardingDesk:
    """The endpoints. ``access`` lets officers in: by a token at the API, by a session at the pages."""

    access: Access
    transitions: ForwardingTransitions

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/forwardings``: every address of the officer's offices, newest first. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        held = officer.officer
        with self.access.database.read() as connection:
            found = forwardings.of_offices(connection, held.organisation, held.roles)
        listed: Sequence[JSON] = [self._view(each) for each in found]
        ways: Sequence[JSON] = [way.value for way in Way if way is not Way.MAIL or self.transitions.mails]
        roles: Sequence[JSON] = [role.value for role in Role if role in held.roles]
        return json_response({"forwardings": listed, "ways": ways, "roles": roles, "next": None})

    def enter(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/forwardings``: the question whether the address is right goes there at once. Raises Problem."""
        officer, body = self.access.officer(http), read(ENTER, http)
        role, way = Role(body["role"]), Way(body["way"])
        if role not in officer.officer.roles:
            raise Problem(errors.NOT_ALLOWED)
        if not self.transitions.addresses.well_formed(way, body["address"]):
            raise Problem(INVALID_BODY, members={"errors": [_finding(http)]})
        asker = self.access.asking_officer(officer)
        made = self.transitions.enter(officer.officer.organisation, role, way, body["address"], _wanted(body), asker)
        return json_response(self._view(made), 201, (("Location", f"/v1/forwardings/{made.id}"),))

    def show(self, http: HttpRequest, forwarding: str) -> HttpResponse:
        """``GET /v1/forwardings/<forwarding>``: with what was sent and what became of it. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(self._own(forwarding, officer))

    def command(self, name: str) -> Endpoint:
        """``POST …/<forwarding>/<name>``."""
        asked = Command(name)

        def endpoint(http: HttpRequest, forwarding: str) -> HttpResponse:
            officer = self.access.officer(http)
            wanted = _wanted(read(CHANGE, http)) if asked is Command.CHANGE else None
            found, asker = self._own(forwarding, officer), self.access.asking_officer(officer)
            if asked not in commands(found.status):
                raise Problem(errors.FORWARDING_NOT_ALLOWED)
            if wanted is not None:
                return self._answer(self.transitions.change(found, wanted, asker))
            if asked is Command.PROVE:
                return self._answer(self.transitions.ask_for_proof(found, asker))
            return self._answer(self.transitions.end(found, asker))

        return endpoint

    def _own(self, name: str, officer: AuthorisedOfficer) -> Forwarding:
        """One of an office that this officer holds; of others, as if there were none."""
        with self.access.database.read() as connection:
            found = forwardings.find(connection, name[:_LONGEST_NAME])
        held = officer.officer
        if found is None or found.organisation != held.organisation or found.role not in held.roles:
            raise Problem(errors.FORWARDING_UNKNOWN)
        return found

    def _answer(self, one: Forwarding) -> HttpResponse:
        with self.access.database.read() as connection:
            posts = forwardings.latest(connection, one.id, MOST_POSTS)
            shown: Sequence[JSON] = [_post_view(connection, each) for each in posts]
        return json_response(self._view(one) | {"posts": shown})

    def _view(self, one: Forwarding) -> dict[str, JSON]:
        return {
            "forwarding": one.id,
            "organisation": one.organisation,
            "role": one.role.value,
            "way": one.way.value,
            "address": self._address(one),
            "kinds": [*sorted(one.kinds)],
            "pace": one.pace.value,
            "language": one.language.value,
            "status": one.status.value,
            "trouble": one.trouble or None,
            "created_at": one.created_at.isoformat(),
            "proven_at": one.proven_at.isoformat() if one.proven_at else None,
            "commands": [command.value for command in commands(one.status)],
        }

    def _address(self, one: Forwarding) -> str | None:
        """None when it cannot be unsealed any more: it can still be seen and ended."""
        try:
            return self.transitions.addresses.open(one)
        except CannotOpen:
            return None


def _post_view(connection: Connection, one: Post) -> dict[str, JSON]:
    return {
        "id": one.id,
        "kind": one.kind,
        "outcome": one.outcome,
        "trouble": one.trouble or None,
        "tries": one.tries,
        "messages": len(forwardings.messages_of(connection, one.id)),
        "made_at": one.made_at.isoformat(),
        "next_try": one.due_at.isoformat() if one.outcome == WAITING else None,
        "settled_at": one.settled_at.isoformat() if one.settled_at else None,
    }


def _wanted(body: Mapping[str, Any]) -> Wanted:
    return Wanted(frozenset(body["kinds"]), Pace(body["pace"]), Language(body["language"]))


def _finding(http: HttpRequest) -> dict[str, JSON]:
    return {"path": "address", "code": "form", "message": _BAD_ADDRESS.in_(http.language)}
