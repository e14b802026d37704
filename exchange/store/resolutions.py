"""What cases declared, how their requirements were met, and counts of that by department."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Connection, Row, and_, case, delete, func, insert, or_, select, update

from exchange.catalogue.model import REPRESENTATIVE
from exchange.requirements.ladder import ON_WORD, Cause, Rung, Step
from exchange.store.tables import case_circumstance, case_outcome, case_subject, resolution, service_case
from kernel import canonical

THE_APPLICANT = b""
"""Stands for the applicant, who need not be known yet."""
_row = resolution.c
_LARGEST = 1 << 14


class Verdict(StrEnum):
    """What came of taking a rung."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    AGAINST_GUARD = "against-guard"
    """Taken although something above it was open, or no cause held: a window is never refused."""


class Awaited(StrEnum):
    """What is still to be told of a paper that follows later."""

    NEAR = "near"
    """That its day comes near; then that it has passed."""
    LATE = "late"
    """That its day has passed."""
    NO_MORE = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A rung below sharing that a department took, or was refused; ``subject`` a blind index, empty for the applicant.

    ``due`` is the day by which what was deferred follows (ISO 8601, empty: none); ``officer`` a blind index or empty.
    """

    id: str
    case: str
    organisation: str
    service_item: str
    requirement: str
    subject: bytes = field(repr=False)
    rung: Rung
    verdict: Verdict
    steps: tuple[Step, ...]
    officer: str
    due: str
    entry: int
    at: datetime

    @property
    def took(self) -> bool:
        """Whether the requirement counts as met by it."""
        return self.verdict is not Verdict.REFUSED


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one requirement stood when its case was closed; ``rung`` None: it was not met."""

    requirement: str
    subject: bytes = field(repr=False)
    rung: Rung | None
    papers: int


@dataclass(frozen=True, slots=True)
class Counted:
    """Requirements of closed cases of a department, by the rung that met them ('' for none), and their papers."""

    organisation: str
    rung: str
    requirements: int
    papers: int


@dataclass(frozen=True, slots=True)
class OnWord:
    """Requirements for which a department stepped down for a cause that somebody's word was enough for."""

    organisation: str
    cause: Cause
    requirements: int


@dataclass(frozen=True, slots=True)
class Violations:
    """Requirements for which a department asked people for what sharing could supply."""

    organisation: str
    verdict: Verdict
    requirements: int


def declared(connection: Connection, case: str) -> Mapping[str, str]:
    """The circumstances of a case."""
    rows = connection.execute(select(case_circumstance).where(case_circumstance.c.case_id == case))
    return {row.code: row.value for row in rows}


def declare(connection: Connection, case: str, circumstances: Mapping[str, str]) -> None:
    """Declare circumstances of a case, in place of what was declared of them before."""
    told = case_circumstance.c
    named = sorted(circumstances)
    connection.execute(delete(case_circumstance).where(told.case_id == case, told.code.in_(named)))
    rows = [{"case_id": case, "code": code, "value": circumstances[code]} for code in named]
    if rows:
        connection.execute(insert(case_circumstance), rows)


def add(connection: Connection, one: Resolution) -> None:
    """Store what was recorded."""
    steps: list[canonical.JSON] = [{"rung": step.rung.value, "cause": step.cause.value} for step in one.steps]
    connection.execute(
        insert(resolution).values(
            id=one.id,
            case_id=one.case,
            organisation=one.organisation,
            service_item=one.service_item,
            requirement=one.requirement,
            subject=one.subject,
            rung=one.rung.value,
            verdict=one.verdict.value,
            steps=canonical.encode(steps).decode(),
            officer=one.officer,
            due=one.due,
            awaited=(Awaited.NEAR if one.due else Awaited.NO_MORE).value,
            entry=one.entry,
            at=one.at,
        )
    )


def of_case(connection: Connection, case: str) -> list[Resolution]:
    """Everything recorded of a case, oldest entry first."""
    found = connection.execute(select(resolution).where(_row.case_id == case).order_by(_row.entry))
    return [_read(row) for row in found]


def awaited(connection: Connection, *, near: date, today: date, most: int) -> list[Resolution]:
    """Papers of which something is to be told: their day comes until ``near``, or has passed; the oldest first."""
    coming = and_(_row.awaited == Awaited.NEAR.value, _row.due <= near.isoformat())
    passed = and_(_row.awaited == Awaited.LATE.value, _row.due < today.isoformat())
    statement = select(resolution).where(_row.awaited != Awaited.NO_MORE.value, or_(coming, passed))
    return [_read(row) for row in connection.execute(statement.order_by(_row.due, _row.id).limit(most))]


def reminded(connection: Connection, one: Resolution) -> None:
    """A paper was reminded of: next is that it is overdue, unless another node has told that already."""
    near = update(resolution).where(_row.id == one.id, _row.awaited == Awaited.NEAR.value)
    connection.execute(near.values(awaited=Awaited.LATE.value))


def await_no_more(connection: Connection, one: Resolution) -> None:
    """Nothing more is told of a paper: it came, or its case is closed."""
    connection.execute(update(resolution).where(_row.id == one.id).values(awaited=Awaited.NO_MORE.value))


def deferred_of(connection: Connection, party: bytes, limit: int = 100) -> list[Resolution]:
    """What was deferred of a party (blind index) or of the applicant, in open cases of that party, by its day."""
    case, subject = service_case.c, case_subject.c
    statement = (
        select(resolution)
        .join(case_subject, subject.case_id == _row.case_id)
        .join(service_case, case.id == _row.case_id)
        .where(subject.subject == party, subject.role != REPRESENTATIVE, case.closed_at.is_(None))
        .where(_row.subject.in_((party, THE_APPLICANT)))
        .where(_row.rung == Rung.DEFERRAL.value, _row.verdict == Verdict.ACCEPTED.value, _row.due != "")
        .distinct()
        .order_by(_row.due, _row.entry)
        .limit(limit)
    )
    return [_read(row) for row in connection.execute(statement)]


def set_overdue(connection: Connection, one: Resolution, at: datetime) -> None:
    """A paper's day has passed without it: counted from now on, and told no more."""
    values = {"awaited": Awaited.NO_MORE.value, "overdue_at": at}
    connection.execute(update(resolution).where(_row.id == one.id, _row.overdue_at.is_(None)).values(values))


def overdue(connection: Connection, since: datetime, until: datetime) -> Mapping[str, int]:
    """How many papers became overdue between two instants, by department."""
    statement = (
        select(_row.organisation, func.count())
        .where(_row.overdue_at >= since, _row.overdue_at < until)
        .group_by(_row.organisation)
        .order_by(_row.organisation)
    )
    return {who: int(count) for who, count in connection.execute(statement)}


def _read(row: Row[Any]) -> Resolution:
    return Resolution(
        id=row.id,
        case=row.case_id,
        organisation=row.organisation,
        service_item=row.service_item,
        requirement=row.requirement,
        subject=bytes(row.subject),
        rung=Rung(row.rung),
        verdict=Verdict(row.verdict),
        steps=_steps(row.steps),
        officer=row.officer,
        due=row.due,
        entry=row.entry,
        at=row.at,
    )


def _steps(text: str) -> tuple[Step, ...]:
    listed = cast("Sequence[Mapping[str, Any]]", canonical.decode(text, max_bytes=_LARGEST))
    return tuple(Step(Rung(one["rung"]), Cause(one["cause"])) for one in listed)


def close(
    connection: Connection, case: str, organisation: str, service_item: str, outcomes: Iterable[Outcome], at: datetime
) -> None:
    """Keep how the requirements of a case stood when it was closed."""
    rows = [
        {
            "case_id": case,
            "requirement": one.requirement,
            "subject": one.subject,
            "organisation": organisation,
            "service_item": service_item,
            "rung": "" if one.rung is None else one.rung.value,
            "papers": one.papers,
            "at": at,
        }
        for one in outcomes
    ]
    if rows:
        connection.execute(insert(case_outcome), rows)


def counted(connection: Connection, since: datetime, until: datetime) -> list[Counted]:
    """Requirements of the cases closed between two instants, by department and rung."""
    own = case_outcome.c
    statement = (
        select(own.organisation, own.rung, func.count(), func.sum(own.papers))
        .where(own.at >= since, own.at < until)
        .group_by(own.organisation, own.rung)
        .order_by(own.organisation, own.rung)
    )
    return [Counted(who, rung, int(count), int(papers)) for who, rung, count, papers in connection.execute(statement)]


def on_word(connection: Connection, since: datetime, until: datetime) -> list[OnWord]:
    """Requirements of cases met further down on somebody's word between two instants, by cause; each once a cause."""
    said = [func.max(case(((_row.steps.contains(_cause(one))), 1), else_=0)).label(one.name) for one in ON_WORD]
    each = (
        select(_row.organisation, _row.case_id, _row.requirement, _row.subject, *said)
        .where(_row.at >= since, _row.at < until, _row.verdict == Verdict.ACCEPTED.value)
        .group_by(_row.organisation, _row.case_id, _row.requirement, _row.subject)
        .subquery()
    )
    sums = [func.sum(each.c[one.name]) for one in ON_WORD]
    found = connection.execute(select(each.c.organisation, *sums).group_by(each.c.organisation))
    return [
        OnWord(who, cause, int(count))
        for who, *counts in found
        for cause, count in zip(ON_WORD, counts, strict=True)
        if count
    ]


def _cause(one: Cause) -> str:
    """How a cause stands in the canonical JSON of steps."""
    return f'"cause":"{one.value}"'


def violations(connection: Connection, since: datetime, until: datetime) -> list[Violations]:
    """Requirements of cases for which the guard was met between two instants; each once, however often it was tried."""
    each = (
        select(_row.organisation, _row.case_id, _row.requirement, _row.subject, _row.verdict)
        .where(_row.at >= since, _row.at < until, _row.verdict != Verdict.ACCEPTED.value)
        .distinct()
        .subquery()
    )
    statement = select(each.c.organisation, each.c.verdict, func.count()).group_by(each.c.organisation, each.c.verdict)
    found = connection.execute(statement.order_by(each.c.organisation, each.c.verdict))
    return [Violations(who, Verdict(verdict), int(count)) for who, verdict, count in found]
