"""Whoever finds an entry in their log says that this use was not theirs, and follows what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from exchange import errors
from exchange.access import Access
from exchange.certificates.answering import ANSWERED
from exchange.certificates.desk import LOOKED_UP
from exchange.challenges.forms import ChallengeForm
from exchange.challenges.transitions import ChallengeMoved, ChallengeTransitions
from exchange.challenges.views import own_view
from exchange.forms import read
from exchange.gateway.entries import FAILURE, REFUSAL, RELEASE, WAITS
from exchange.in_force.snapshot import current
from exchange.particulars import Particulars
from exchange.responders.shown import SHOWN
from exchange.return_flow.making import MADE
from exchange.return_flow.telling import Telling
from exchange.store import challenges
from exchange.store.return_flow_books import Held
from exchange.transparency.plain_words import is_told
from kernel.canonical import JSON
from kernel.entropy import Entropy
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.usage import UsageEntry
from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.challenges.events import ChallengeState, Use

CHALLENGE = ChallengeForm()


class Whose(NamedTuple):
    """The facts of an entry that say whose use it was, and which of their officers'."""

    organisation: str
    officer: str = "officer"


USES: Mapping[str, Whose] = {
    **dict.fromkeys((RELEASE, REFUSAL, FAILURE, ANSWERED, *WAITS.values()), Whose("consumer")),
    SHOWN: Whose("office"),
    LOOKED_UP: Whose("provider", officer="by"),
}
"""The entries that tell of a use of one person's data. What left in bulk is found by whose records a file has."""
_LONGEST_NAME = 128
_SELF = "self"


@dataclass(frozen=True)
class Challenging:
    """The person's door."""

    access: Access
    transitions: ChallengeTransitions
    entropy: Entropy
    telling: Telling

    def open(self, http: HttpRequest, entry: str) -> HttpResponse:
        """``POST /v1/usage/<entry>/challenges``. Raises Problem."""
        caller, person = self.access.person(http)
        body = read(CHALLENGE, http)
        found = self.use(person, entry)
        if found is None:
            raise Problem(errors.ENTRY_UNKNOWN)
        use = self._in_bulk(found) if isinstance(found, Held) else self._of_one(found)
        name = new_id("ch", self.transitions.clock, self.entropy)
        said, index = Particulars(person, {"words": body.get("words", "")}), self.access.indexes.of(person)
        try:
            state = self.transitions.open(name, use, said, index, self.access.spending(caller))
        except ChallengeMoved:
            raise self._given(use.entry, index) from None
        return json_response(self._view(state), 201, (("Location", f"/v1/usage/challenges/{state.id}"),))

    def show(self, http: HttpRequest, challenge: str) -> HttpResponse:
        """``GET /v1/usage/challenges/<challenge>``: how it stands, for whoever gave it. Raises Problem."""
        caller, person = self.access.person(http)
        self.access.spend(caller)
        with self.access.database.read() as connection:
            found = challenges.find(connection, challenge[:_LONGEST_NAME])
        if found is None or found[1].subject != self.access.indexes.of(person):
            raise Problem(errors.CHALLENGE_UNKNOWN)
        return json_response(self._view(found[0]))

    def use(self, person: SubjectRef, entry: str) -> UsageEntry | Held | None:
        """An entry of somebody's own log that tells of a use, and that no statute keeps from them; or the flow of which
        this entry is the newest file that has their record; or None.
        """
        found = self.told(person, entry)
        if found is not None:
            return found if found.members["event"] in USES else None
        return self.telling.by_entry(person, entry)

    def told(self, person: SubjectRef, entry: str) -> UsageEntry | None:
        """An entry of somebody's own log, of a use or not, that no statute keeps from them; or None."""
        now = self.transitions.clock.now()
        own = (one for one in self.transitions.ledger.usage_of(person) if str(one.index) == entry)
        return next((one for one in own if is_told(one, now)), None)

    def _of_one(self, entry: UsageEntry) -> Use:
        members: Any = entry.members
        facts = members["facts"]
        whose = USES[members["event"]]
        organisation = str(facts[whose.organisation])
        said = {
            name: str(facts.get(name, ""))
            for name in ("case", "system", "evidence_type", "service_item", "legal_basis")
        }
        return Use(
            entry=entry.index,
            event=members["event"],
            at=entry.at,
            organisation=organisation,
            officer=str(facts.get(whose.officer, "")),
            request=members["request"],
            asked=(*facts.get("fields", ()), *facts.get("predicates", ())),
            relation=str(facts.get("relation", _SELF)),
            days=self._days(organisation),
            **said,
        )

    def _in_bulk(self, held: Held) -> Use:
        return Use(
            entry=held.entry,
            event=MADE,
            at=held.at,
            organisation=held.consumer,
            officer="",
            request=held.flow,
            case="",
            system=held.system,
            evidence_type=held.evidence_type,
            service_item=held.service_item,
            legal_basis=held.legal_basis,
            asked=held.fields,
            relation=_SELF,
            days=self._days(held.consumer),
        )

    def _days(self, organisation: str) -> int:
        with self.access.database.read() as connection:
            return self.transitions.days(connection, organisation)

    def _view(self, state: ChallengeState) -> dict[str, JSON]:
        with self.access.database.read() as connection:
            calendar = self.transitions.calendar(connection)
        return own_view(state, current(self.access.policy).registry, calendar)

    def _given(self, entry: int, index: bytes) -> Problem:
        with self.access.database.read() as connection:
            other = challenges.of_entry(connection, entry, index)
        return Problem(errors.CHALLENGE_GIVEN, members={} if other is None else {"challenge": other})
