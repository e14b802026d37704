"""The endpoints of ratings: a person rates, the department puts right, data governance decides and counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from exchange import errors
from exchange.access import Access, AuthorisedOfficer
from exchange.catalogue.model import APPLICANT
from exchange.forms import Form, read
from exchange.in_force.snapshot import current
from exchange.paging import page_size
from exchange.particulars import Particulars
from exchange.periods import period
from exchange.proceedings import state_of, told
from exchange.ratings.forms import CallBackForm, RateForm, RatingReasonForm
from exchange.ratings.transitions import RatingMoved, RatingTransitions
from exchange.ratings.views import department_view, rating_view, whole_view
from exchange.store import cases, ratings
from exchange.store.cases import Case
from exchange.store.ratings import Count
from kernel.canonical import JSON
from kernel.problems import Problem, ProblemKind
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from policies.ratings.commands import (
    AppealRating,
    CallBack,
    Command,
    ConfirmRating,
    ExcludeRating,
    RectifyRating,
    UpholdRating,
)
from policies.ratings.events import Grade, Rating, RatingState, Status
from policies.ratings.lifecycle import READERS, knows_what_was_said, sees

Body = Mapping[str, Any]
FORMS: Mapping[str, type[Form]] = MappingProxyType(
    dict.fromkeys(("confirm", "appeal", "exclude", "uphold", "rectify"), RatingReasonForm) | {"call-back": CallBackForm}
)
"""Commands on a rating, with the form of what they say."""

_SPOKEN: Mapping[str, Callable[[Body], Command]] = {
    "confirm": lambda body: ConfirmRating(body["reason"]),
    "appeal": lambda body: AppealRating(body["reason"]),
    "exclude": lambda body: ExcludeRating(body["reason"]),
    "uphold": lambda body: UpholdRating(body["reason"]),
    "rectify": lambda body: RectifyRating(body["reason"]),
    "call-back": lambda body: CallBack(body["satisfied"], body["reason"]),
}
_READ = {name: form() for name, form in FORMS.items()}
RATE = RateForm()
_LONGEST_NAME = 128


@dataclass(frozen=True)
class RatingDesk:
    """Rating, and what follows."""

    access: Access
    transitions: RatingTransitions

    def rate(self, http: HttpRequest, case: str) -> HttpResponse:
        """``POST /v1/cases/<case>/rating``: whoever the case was for, once it is closed. Raises Problem."""
        caller, person = self.access.person(http)
        body = read(RATE, http)
        with self.access.database.read() as connection:
            found = cases.read(connection, case[:_LONGEST_NAME])
            if found is None or not _was_for(found, self.access.indexes.of(person)):
                raise Problem(errors.CASE_UNKNOWN)  # whether somebody else's case exists is not told
            if found.open:
                raise Problem(errors.RATING_TOO_EARLY)
            days = self.transitions.days(connection, found.organisation)
        rating = Rating(
            case=found.id,
            organisation=found.organisation,
            service_item=found.service_item,
            grade=Grade(body["grade"]),
            days=days,
        )
        try:
            said = Particulars(person, {"words": body.get("words", "")})
            state = self.transitions.rate(rating, said, self.access.spending(caller))
        except RatingMoved:
            raise Problem(errors.RATING_GIVEN) from None
        answer: dict[str, JSON] = {"case": found.id, "grade": int(rating.grade), "status": state.status.value}
        return json_response(answer, 201)

    def list(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/ratings``: those this officer may see, the newest case first. Raises Problem."""
        officer = self.access.officer(http)
        asked = http.parameters()
        limit, before = page_size(asked.get("limit")), asked.get("before", "")[:_LONGEST_NAME]
        statuses = tuple(Status) if "state" not in asked else (state_of(asked["state"], Status),)
        own = None if READERS & officer.officer.roles else officer.officer.organisation
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            found = ratings.listed(connection, statuses, own, before=before, limit=limit + 1)
            shown = [self._view(connection, state, officer) for state in found[:limit]]
        following = found[limit - 1].rating.case if len(found) > limit else None
        return json_response({"ratings": [*shown], "next": following})

    def summary(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/ratings/summary``: by department, of a period. Raises Problem."""
        officer = self.access.officer(http)
        since, until = period(http.parameters(), self.transitions.clock.now())
        self.access.spend(officer.caller)
        with self.access.database.read() as connection:
            counted = ratings.counts(connection, since, until)
        registry = current(self.access.policy).registry
        shown = [department_view(code, ones, registry) for code, ones in _by_department(counted).items()]
        return json_response({"from": since.isoformat(), "to": until.isoformat(), "departments": [*shown]})

    def show(self, http: HttpRequest, case: str) -> HttpResponse:
        """``GET /v1/ratings/<case>``. Raises Problem."""
        officer = self.access.officer(http)
        self.access.spend(officer.caller)
        return self._answer(*self._find(case, officer), officer)

    def command(self, name: str) -> Endpoint:
        """``POST /v1/ratings/<case>/<name>``."""
        form = _READ[name]

        def endpoint(http: HttpRequest, case: str) -> HttpResponse:
            officer = self.access.officer(http)
            command = _SPOKEN[name](read(form, http))
            state, entry = self._find(case, officer)
            with told(_refused, errors.RATING_CHANGED):
                spend = self.access.spending(officer.caller)
                state = self.transitions.carry_out(command, state, entry, officer.officer, spend)
            return self._answer(state, entry, officer)

        return endpoint

    def _find(self, case: str, officer: AuthorisedOfficer) -> tuple[RatingState, int]:
        with self.access.database.read() as connection:
            found = ratings.find(connection, case[:_LONGEST_NAME])
        if found is None or not sees(found[0], officer.officer):
            raise Problem(errors.RATING_UNKNOWN)
        return found

    def _view(self, connection: Connection, state: RatingState, officer: AuthorisedOfficer) -> dict[str, JSON]:
        registry, calendar = current(self.access.policy).registry, self.transitions.calendar(connection)
        return rating_view(state, registry, calendar, self.transitions.clock.now(), officer.officer)

    def _answer(self, state: RatingState, entry: int, officer: AuthorisedOfficer) -> HttpResponse:
        with self.access.database.read() as connection:
            view = self._view(connection, state, officer)
            happened = ratings.history(connection, state.rating.case)
        said = self.transitions.said(entry) if knows_what_was_said(state, officer.officer) else None
        return json_response(whole_view(view, happened, said.said["words"] if said else None))


def _was_for(case: Case, person: bytes) -> bool:
    """Whether a case was for somebody: its applicant, or who signed in for it. Others are only listed in it."""
    return any(one.subject == person and (one.joined or one.role == APPLICANT) for one in case.parties)


def _by_department(counted: Iterable[Count]) -> Mapping[str, list[Count]]:
    found: dict[str, list[Count]] = defaultdict(list)
    for one in counted:
        found[one.organisation].append(one)
    return found


def _refused(code: str) -> ProblemKind:
    return errors.RATING_INCOMPLETE if code == "rating.reason-missing" else errors.RATING_NOT_ALLOWED
