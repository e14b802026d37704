"""The officers' endpoints of challenges; what each may do is decided by ``policies.challenges``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.challenges.forms import ChallengeReasonForm
from exchange.challenges.transitions import ChallengeTransitions
from exchange.challenges.views import challenge_view, whole_view
from exchange.forms import read
from exchange.in_force.snapshot import current
from exchange.paging import page_size
from exchange.proceedings import state_of, told
from exchange.store import challenges
from exchange.store.challenges import Opener
from kernel.canonical import JSON
from kernel.problems import Problem, ProblemKind
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.challenges.commands import Command, ExplainUse, UpholdChallenge
from policies.challenges.events import ChallengeState, Status
from policies.challenges.lifecycle import READERS, knows_what_was_said, sees
from policies.roles import Role

_SPOKEN: Mapping[str, Callable[[str], Command]] = MappingProxyType({"explain": ExplainUse, "uphold": UpholdChallenge})
COMMANDS = tuple(_SPOKEN)
"""Commands on a challenge: each says why."""
WHO = (Role.DATA_PROTECTION_OFFICER, *sorted(READERS))
"""Who reads of challenges at all."""
_REASON = ChallengeReasonForm()
_LONGEST_NAME = 128


@dataclass(frozen=True)
class ChallengeDesk:
    """Reading and answering challenges."""

    access: Access
    transitions: ChallengeTransitions

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/challenges``: those this officer may see, newest first. Raises Problem."""
        officer = self.access.officer(http, *WHO)
        asked = http.parameters()
        limit, before = page_size(asked.get("limit")), asked.get("before", "")[:_LONGEST_NAME]
        statuses = tuple(Status) if "state" not in asked else (state_of(asked["state"], Status),)
        own = None if READERS & officer.officer.roles else officer.officer.organisation
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = challenges.listed(connection, statuses, own, before=before, limit=limit + 1)
            shown = [self._view(connection, state, officer) for state in found[:limit]]
        following = found[limit - 1].id if len(found) > limit else None
        return json_response({"challenges": [*shown], "next": following})

    def show(self, http: HttpRequest, challenge: str) -> HttpResponse:
        """``GET /v1/challenges/<challenge>``. Raises Problem."""
        officer = self.access.officer(http, *WHO)
        self.access.spend(officer.caller)
        return self._answer(*self._find(challenge, officer), officer)

    def command(self, name: str) -> Endpoint:
        """``POST /v1/challenges/<challenge>/<name>``."""
        spoken = _SPOKEN[name]

        def endpoint(http: HttpRequest, challenge: str) -> HttpResponse:
            officer = self.access.officer(http, *WHO)
            command = spoken(read(_REASON, http)["reason"])
            state, opener = self._find(challenge, officer)
            with told(_refused, errors.CHALLENGE_CHANGED):
                spend = self.access.spending(officer.caller)
                state = self.transitions.carry_out(command, state, opener, officer.officer, spend)
            return self._answer(state, opener, officer)

        return endpoint

    def _find(self, challenge: str, officer: AuthorisedOfficer) -> tuple[ChallengeState, Opener]:
        with self.access.database.read() as connection:
            found = challenges.find(connection, challenge[:_LONGEST_NAME])
        if found is None or not sees(found[0], officer.officer):
            raise Problem(errors.CHALLENGE_UNKNOWN)
        return found

    def _view(self, connection: Connection, state: ChallengeState, officer: AuthorisedOfficer) -> dict[str, JSON]:
        registry, calendar = current(self.access.policy).registry, self.transitions.calendar(connection)
        return challenge_view(state, registry, calendar, self.transitions.clock.now(), officer.officer)

    def _answer(self, state: ChallengeState, opener: Opener, officer: AuthorisedOfficer) -> HttpResponse:
        with self.access.database.read() as connection:
            view = self._view(connection, state, officer)
            happened = challenges.history(connection, state.id)
        said = self.transitions.said(opener) if knows_what_was_said(state, officer.officer) else None
        return json_response(whole_view(view, happened, said.said["words"] if said else None))


def _refused(code: str) -> ProblemKind:
    return errors.CHALLENGE_INCOMPLETE if code == "challenge.reason-missing" else errors.CHALLENGE_NOT_ALLOWED
