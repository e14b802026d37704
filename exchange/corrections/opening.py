"""Who may say that a record is wrong: whom it is about, and a department that received it, in a case or in bulk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from exchange import errors
from exchange.access import Access, AuthorisedSystem
from exchange.authentication.tokens import Caller
from exchange.cases.watching import Watch
from exchange.catalogue.model import System, kept_apart
from exchange.catalogue.registry import Registry
from exchange.corrections.forms import OpenCorrectionForm, RowIsWrongForm, SaidForm
from exchange.corrections.transitions import By, CorrectionMoved, CorrectionTransitions
from exchange.forms import read
from exchange.gateway.entries import REFUSAL, RELEASE, TOLD_FROM
from exchange.in_force.snapshot import current
from exchange.in_force.systems import own_system, unlocked
from exchange.particulars import Particulars
from exchange.return_flow.telling import Telling
from exchange.store import corrections, deliveries, return_flows
from exchange.store.deliveries import REFUSED, RELEASED, Delivery
from exchange.store.return_flow_books import Held
from exchange.transparency.plain_words import is_told
from kernel.entropy import Entropy
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.ledger.usage import members_of
from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, json_response
from policies.clocks.run import deadline
from policies.corrections.events import Objection, Opener
from policies.return_flows import OPENERS

SAID, OPEN, ROW = SaidForm(), OpenCorrectionForm(), RowIsWrongForm()
PERSON = "person"
"""How the log names whoever opens one about themselves."""
FOLLOWED: Mapping[Opener, str] = {
    Opener.PERSON: "/v1/usage/corrections/{}",
    Opener.DEPARTMENT: "/v1/corrections/{}/status",
}
"""Where whoever opened one reads how it stands."""
_LONGEST_NAME = 128
_SPOKEN = ("seen", "right", "reason")
_WHOSE = Text("请写明这一行是谁的记录", "Say whose record the row is")
_WHO = Text("令牌中没有当事人，请写明 subject", "The token names nobody: say in subject whom it is about")


@dataclass(frozen=True, slots=True)
class Left:
    """What left of a record: these fields, to ``consumer``, with an item of a request or in a file of a return flow.

    ``subject`` is whom it is about, by blind index; ``told_from`` as in ``Objection``.
    """

    evidence_type: str
    consumer: str
    request: str
    item: int
    fields: frozenset[str]
    subject: bytes = field(repr=False)
    told_from: str = ""


@dataclass(frozen=True)
class Opening:
    """The doors. ``watch`` is told whom a system names: it could try number after number otherwise (ADR 0052).

    ``telling`` finds a person's records in return flows.
    """

    access: Access
    transitions: CorrectionTransitions
    entropy: Entropy
    watch: Watch
    telling: Telling

    def by_department(self, http: HttpRequest) -> HttpResponse:
        """``POST /v1/corrections``: a system says that evidence it received is wrong. Raises Problem."""
        system = self.access.system(http)
        body = read(OPEN, http)
        found = self._delivery(body["request"], body["item"])
        case = "" if found is None or found.consumer != system.system.organisation else found.case_id
        about = self._whom(system, body.get("subject"), case)
        return self._by_system(body, self._theirs(found, about), about, system)

    def by_flow(self, http: HttpRequest, flow: str) -> HttpResponse:
        """``POST /v1/return-flows/<flow>/corrections``: a system says so of a row of a file. Raises Problem."""
        system = self.access.system(http)
        body = read(ROW, http)
        about = self._whom(system, body.get("subject"), flow[:_LONGEST_NAME])
        return self._by_system(body, self._in_bulk(self._row(about, flow, body["row"]), about), about, system)

    def by_officer(self, http: HttpRequest, flow: str) -> HttpResponse:
        """``POST /v1/department/return-flows/<flow>/corrections``: an officer of the department that gets it says so.

        By the same checks, for the flow's system: whom the officer names counts as looked up by it. Raises Problem.
        """
        officer, snapshot = self.access.officer(http, *OPENERS), current(self.access.policy)
        body, own = read(ROW, http), officer.officer.organisation
        about = body.get("subject")
        if about is None:
            raise Problem(INVALID_BODY, detail=_WHOSE)
        with self.access.database.read() as connection:
            kept = return_flows.find(connection, flow[:_LONGEST_NAME])
        if kept is None or kept.organisation != own:
            raise Problem(errors.CORRECTION_NOT_RECEIVED)
        system = unlocked(snapshot, own_system(snapshot.registry, own, kept.system))
        self.watch.note(system, flow, [self.access.indexes.of(about)])
        left = self._in_bulk(self._row(about, flow, body["row"]), about)
        return self._by_department(body, left, about, system, officer.officer.id, officer.caller)

    def _row(self, about: SubjectRef, flow: str, row: str) -> Held | None:
        """The row of a flow's file, where it is this person's."""
        return next((one for one in self.telling.holding(about) if (one.flow, one.row) == (flow, row)), None)

    def _by_system(
        self, body: Mapping[str, Any], left: Left, about: SubjectRef, system: AuthorisedSystem
    ) -> HttpResponse:
        officer = self.access.named_officer(system.caller)
        return self._by_department(body, left, about, system.system, officer, system.caller)

    def _by_department(
        self, body: Mapping[str, Any], left: Left, about: SubjectRef, system: System, officer: str, caller: Caller
    ) -> HttpResponse:
        kind = current(self.access.policy).registry.evidence_types.get(left.evidence_type)
        if left.consumer != system.organisation or kind is None or kept_apart(system, kind):
            raise Problem(errors.CORRECTION_NOT_RECEIVED)
        return self._open(body, left, about, Opener.DEPARTMENT, By(system.name, officer), caller)

    def by_person(self, http: HttpRequest, entry: str) -> HttpResponse:
        """``POST /v1/usage/<entry>/corrections``: a person says so of what they find in their log. Raises Problem."""
        caller, person = self.access.person(http)
        body = read(SAID, http)
        return self._open(body, self._of_entry(person, entry), person, Opener.PERSON, By(PERSON), caller)

    def _of_entry(self, person: SubjectRef, entry: str) -> Left:
        """What an entry that somebody reads in their log says to have left of their record. Raises Problem."""
        found = next((one for one in self.transitions.ledger.usage_of(person) if str(one.index) == entry), None)
        if found is None and (held := self.telling.by_entry(person, entry)) is not None:
            return self._in_bulk(held, person)
        members: Any = None if found is None else found.members
        hidden = found is not None and not is_told(found, self.transitions.clock.now())
        if members is None or hidden or not (members["event"] == RELEASE or is_disputed(members)):
            raise Problem(errors.ENTRY_UNKNOWN)
        outcome = RELEASED if members["event"] == RELEASE else REFUSED  # seen in a preview, and kept from leaving
        return self._theirs(self._delivery(members["request"], int(members["item"])), person, outcome)

    def _delivery(self, request: str, item: int) -> Delivery | None:
        with self.access.database.read() as connection:
            return deliveries.find(connection, request, item)

    def _whom(self, system: AuthorisedSystem, named: SubjectRef | None, where: str) -> SubjectRef:
        """Whom it is about: as the token says, or as the system does, which looks them up by that. Raises Problem.

        ``where``: the case, or the flow; empty for one that is not the system's.
        """
        if named is None:
            if system.caller.token.person is None:
                raise Problem(INVALID_BODY, detail=_WHO)
            return system.caller.token.person
        unlocked(system.snapshot, system.system)
        if where:
            self.watch.note(system.system, where, [self.access.indexes.of(named)])
        return named

    def _theirs(self, found: Delivery | None, about: SubjectRef, outcome: str = RELEASED) -> Left:
        """What left about this person. Raises Problem; the same whatever it is that does not fit."""
        if found is None or found.outcome != outcome or bytes(found.subject) != self.access.indexes.of(about):
            raise Problem(errors.CORRECTION_NOT_RECEIVED)
        return Left(
            evidence_type=found.evidence_type,
            consumer=found.consumer,
            request=found.request_id,
            item=found.item,
            fields=frozenset(found.asked.split()),
            subject=bytes(found.subject),
            told_from=self._told_from(found),
        )

    def _in_bulk(self, held: Held | None, about: SubjectRef) -> Left:
        """The same of a flow that holds or held a record of theirs."""
        if held is None:
            raise Problem(errors.CORRECTION_NOT_RECEIVED)
        index = self.access.indexes.of(about)
        return Left(held.evidence_type, held.consumer, held.flow, held.number, frozenset(held.fields), index)

    def _open(
        self, body: Mapping[str, Any], left: Left, about: SubjectRef, opener: Opener, by: By, caller: Caller
    ) -> HttpResponse:
        if body["field"] not in left.fields:
            raise Problem(errors.CORRECTION_NOT_RECEIVED)
        said = Particulars(about, {name: body[name] for name in _SPOKEN if name in body})
        objection = self._objection(body["field"], left, opener, by.officer)
        name = new_id("co", self.transitions.clock, self.entropy)
        try:
            state = self.transitions.open(name, objection, by.name, said, left.subject, self.access.spending(caller))
        except CorrectionMoved:
            raise self._under_way(left.subject, objection) from None
        with self.access.database.read() as connection:
            calendar = self.transitions.calendar(connection)
        ends = deadline(state.clock, calendar) if state.clock else None
        body = {"id": state.id, "status": state.status.value, "deadline": ends and ends.isoformat()}
        return json_response(body, 201, (("Location", FOLLOWED[opener].format(state.id)),))

    def _told_from(self, received: Delivery) -> str:
        """From when on the person may know that the record left: as its own entry says."""
        (leaf,) = self.transitions.ledger.entries(received.entry, received.entry + 1)
        facts: Any = members_of(leaf)["facts"]
        return str(facts.get(TOLD_FROM, ""))

    def _objection(self, named: str, left: Left, opener: Opener, officer: str) -> Objection:
        registry: Registry = current(self.access.policy).registry
        kind = registry.evidence_types.get(left.evidence_type)
        if kind is None:
            raise Problem(errors.CORRECTION_NOT_RECEIVED)
        with self.access.database.read() as connection:
            days = self.transitions.days(connection, kind.provider, kind.share_type_of((named,)))
        return Objection(
            evidence_type=kind.code,
            field=named,
            provider=kind.provider,
            consumer=left.consumer,
            opener=opener,
            request=left.request,
            item=left.item,
            days=days,
            told_from=left.told_from,
            officer=officer,
        )

    def _under_way(self, index: bytes, objection: Objection) -> Problem:
        with self.access.database.read() as connection:
            other = corrections.same(connection, index, objection.evidence_type, objection.field)
        return Problem(errors.CORRECTION_UNDER_WAY, members={} if other is None else {"correction": other.id})


def is_disputed(members: Mapping[str, Any]) -> bool:
    """Whether an entry says that its person saw an item in a preview and found it wrong."""
    return bool(members["event"] == REFUSAL and members["facts"].get("reason") == errors.PREVIEW_DISPUTED.code)
