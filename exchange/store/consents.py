"""Consents: what people were asked for, gave and took back, and the one statement that takes a use of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, case, insert, not_, or_, select, update

from exchange.store.tables import consent
from kernel.dates import local_day


class Frequency(StrEnum):
    """How often something may be released under a consent: once, so many times a day or a month, or at any time."""

    ONCE = "once"
    DAILY = "daily"
    MONTHLY = "monthly"
    CONTINUOUS = "continuous"

    def period(self, at: datetime) -> str:
        """The period in China that a moment belongs to; of one frequency a later period is a greater text."""
        day = local_day(at).isoformat()
        return {Frequency.DAILY: day, Frequency.MONTHLY: day[:7]}.get(self, "")


class Stage(StrEnum):
    """Where a consent is, roughly: nobody answered yet, it stands, or it is over, whatever the reason."""

    WAITING = "waiting"
    STANDING = "standing"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Terms:
    """Exactly what a consent is to: who may receive what, for which service item on which ground, when and how often.

    ``case`` is where it was asked for; ``bound`` whether it counts in that case alone. ``times`` in a period; of no
    meaning where it is continuous. From ``not_before`` (inclusive) to ``not_after`` (exclusive).
    """

    organisation: str
    service_item: str
    case: str
    legal_basis: str
    evidence_type: str
    fields: tuple[str, ...]
    predicates: tuple[str, ...]
    frequency: Frequency
    times: int
    not_before: datetime
    not_after: datetime
    bound: bool


@dataclass(frozen=True, slots=True)
class Artefact:
    """A consent from being asked for on. ``subject`` (a blind index) is whom it is about and who alone can give it."""

    id: str
    subject: bytes = field(repr=False)
    system: str
    terms: Terms
    asked_at: datetime
    answer_by: datetime
    given_at: datetime | None = None
    declined_at: datetime | None = None
    withdrawn_at: datetime | None = None
    period: str = ""
    used: int = 0
    total: int = 0

    def left(self, at: datetime) -> int | None:
        """How many more releases it covers in the period of this moment; None where they are not counted."""
        terms = self.terms
        if terms.frequency is Frequency.CONTINUOUS:
            return None
        used = self.used if self.period >= terms.frequency.period(at) else 0
        return max(terms.times - used, 0)


def add(connection: Connection, asked: Artefact) -> None:
    """Store one that is asked for."""
    terms = asked.terms
    connection.execute(
        insert(consent).values(
            id=asked.id,
            subject=asked.subject,
            system=asked.system,
            organisation=terms.organisation,
            service_item=terms.service_item,
            case_id=terms.case,
            legal_basis=terms.legal_basis,
            evidence_type=terms.evidence_type,
            fields=orjson.dumps(terms.fields).decode(),
            predicates=orjson.dumps(terms.predicates).decode(),
            frequency=terms.frequency.value,
            times=terms.times,
            not_before=terms.not_before,
            not_after=terms.not_after,
            bound=terms.case if terms.bound else "",
            asked_at=asked.asked_at,
            answer_by=asked.answer_by,
            period="",
            used=0,
            total=0,
        )
    )


def read(connection: Connection, name: str) -> Artefact | None:
    """One of them."""
    row = connection.execute(select(consent).where(consent.c.id == name)).one_or_none()
    return None if row is None else _artefact(row)


def of_person(connection: Connection, subject: bytes, before: str | None, limit: int) -> list[Artefact]:
    """What somebody was asked for, the newest first, or older than one of them."""
    statement = select(consent).where(consent.c.subject == subject).order_by(consent.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(consent.c.id < before)
    return [_artefact(row) for row in connection.execute(statement)]


def of_organisation(
    connection: Connection,
    organisation: str | None,
    stage: Stage | None,
    case_id: str,
    at: datetime,
    *,
    before: str,
    limit: int,
) -> list[Artefact]:
    """What an organisation (None: any) asked for, in one case or any (""), newest first, older than ``before``."""
    row = consent.c
    statement = select(consent).order_by(row.id.desc()).limit(limit)
    if organisation is not None:
        statement = statement.where(row.organisation == organisation)
    if case_id:
        statement = statement.where(row.case_id == case_id)
    if before:
        statement = statement.where(row.id < before)
    if stage is not None:
        statement = statement.where(_at(stage, at))
    return [_artefact(found) for found in connection.execute(statement)]


def _at(stage: Stage, at: datetime) -> ColumnElement[bool]:
    row = consent.c
    waiting = and_(row.given_at.is_(None), row.declined_at.is_(None), row.answer_by > at)
    standing = and_(row.given_at.is_not(None), row.withdrawn_at.is_(None), row.not_after > at)
    return {Stage.WAITING: waiting, Stage.STANDING: standing, Stage.OVER: not_(or_(waiting, standing))}[stage]


def asked_in(connection: Connection, case_id: str, subject: bytes) -> list[Artefact]:
    """What somebody was asked for in one case."""
    statement = select(consent).where(consent.c.subject == subject, consent.c.case_id == case_id)
    return [_artefact(row) for row in connection.execute(statement.order_by(consent.c.id))]


def given(
    connection: Connection, organisation: str, service_item: str, subjects: Iterable[bytes]
) -> tuple[Artefact, ...]:
    """What these people gave to one organisation for one service item, the newest first, taken back or not."""
    row = consent.c
    statement = select(consent).where(
        row.organisation == organisation,
        row.service_item == service_item,
        row.subject.in_(sorted(set(subjects))),
        row.given_at.is_not(None),
    )
    return tuple(_artefact(found) for found in connection.execute(statement.order_by(row.given_at.desc(), row.id)))


def answer(connection: Connection, name: str, at: datetime, *, given: bool) -> bool:
    """Give or decline one that waits; False when it was answered already or nobody waits for it any more."""
    row = consent.c
    unanswered = (row.given_at.is_(None), row.declined_at.is_(None), row.answer_by > at)
    statement = update(consent).where(row.id == name, *unanswered)
    return connection.execute(statement.values({"given_at" if given else "declined_at": at})).rowcount == 1


def withdraw(connection: Connection, name: str, at: datetime) -> bool:
    """Take one back; False when that was done already or it was never given.

    A release that takes a use of the same row either commits before and stands, or finds it withdrawn.
    """
    row = consent.c
    statement = update(consent).where(row.id == name, row.given_at.is_not(None), row.withdrawn_at.is_(None))
    return connection.execute(statement.values(withdrawn_at=at)).rowcount == 1


def use(connection: Connection, artefact: Artefact, at: datetime) -> bool:
    """Take one use, in the transaction that records the release; False, and nothing taken, where none is left.

    A node whose clock is behind goes on in the period that another began: nobody gains a use by it.
    """
    row, terms = consent.c, artefact.terms
    period = terms.frequency.period(at)
    statement = update(consent).where(
        row.id == artefact.id,
        row.given_at.is_not(None),
        row.withdrawn_at.is_(None),
        row.not_after > at,
        _free(terms, period),
    )
    begins = row.period < period
    taken = {
        "used": case((begins, 1), else_=row.used + 1),
        "period": case((begins, period), else_=row.period),
        "total": row.total + 1,
    }
    return connection.execute(statement.values(taken)).rowcount == 1


def _free(terms: Terms, period: str) -> ColumnElement[bool]:
    if terms.frequency is Frequency.CONTINUOUS:
        return consent.c.given_at.is_not(None)
    return or_(consent.c.period < period, consent.c.used < terms.times)


def _artefact(row: Row[tuple[object, ...]]) -> Artefact:
    return Artefact(
        id=row.id,
        subject=bytes(row.subject),
        system=row.system,
        terms=Terms(
            organisation=row.organisation,
            service_item=row.service_item,
            case=row.case_id,
            legal_basis=row.legal_basis,
            evidence_type=row.evidence_type,
            fields=tuple(orjson.loads(row.fields)),
            predicates=tuple(orjson.loads(row.predicates)),
            frequency=Frequency(row.frequency),
            times=row.times,
            not_before=row.not_before,
            not_after=row.not_after,
            bound=bool(row.bound),
        ),
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        given_at=row.given_at,
        declined_at=row.declined_at,
        withdrawn_at=row.withdrawn_at,
        period=row.period,
        used=row.used,
        total=row.total,
    )
