"""Consents: what people were asked for, gave and took back, and the one statement that takes a use of them.

Of somebody under age a guardian gives it, of a company whoever acts for it (ADR 0062).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Exists,
    Row,
    Select,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    union,
    update,
)

from exchange.store.tables import case_relation, consent
from kernel.dates import local_day
from policies.guards import WARDS

SELF, GUARDIAN = "self", "guardian"
"""Capacities in which somebody answers; others are those of mandates."""


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
class Answerer:
    """Who answered (blind index), in what capacity: ``self``, ``guardian``, or what a mandate says.

    ``mandate`` is its reference, and ``until`` when it ends; None where nothing but the terms ends the consent.
    """

    index: bytes = field(repr=False)
    capacity: str = SELF
    mandate: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Artefact:
    """A consent from being asked for on. ``subject`` (a blind index) is whom it is about.

    They alone can give it, unless they are a company, or under age (``guarded``) until it ends. ``answered``: who did.
    """

    id: str
    subject: bytes = field(repr=False)
    system: str
    terms: Terms
    asked_at: datetime
    answer_by: datetime
    guarded: bool = False
    answered: Answerer | None = None
    given_at: datetime | None = None
    declined_at: datetime | None = None
    withdrawn_at: datetime | None = None
    period: str = ""
    used: int = 0
    total: int = 0

    @property
    def ends(self) -> datetime:
        """When it is over (exclusive): by its terms, or with the right of whoever gave it to act for somebody else."""
        until = self.terms.not_after
        return until if self.answered is None or self.answered.until is None else min(until, self.answered.until)

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
            guarded=asked.guarded,
            capacity="",
            mandate="",
            period="",
            used=0,
            total=0,
        )
    )


def read(connection: Connection, name: str) -> Artefact | None:
    """One of them."""
    row = connection.execute(select(consent).where(consent.c.id == name)).one_or_none()
    return None if row is None else _artefact(row)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose consents somebody looks at: their own, their wards', and those of the company that they act for.

    ``matters`` in which they act for it; None for every one.
    """

    person: bytes = field(repr=False)
    company: bytes | None = field(default=None, repr=False)
    matters: frozenset[str] | None = None


def seen_by(connection: Connection, reader: Reader, at: datetime, before: str | None, limit: int) -> list[Artefact]:
    """What they were asked for, the newest first, or older than one of them.

    Each ground is looked up by an index of its own: of one condition with OR, PostgreSQL reads the whole table.
    """
    row = consent.c
    theirs = [select(row.id).where(row.subject == reader.person), _of_wards(reader.person, at)]
    if reader.company is not None:
        within = () if reader.matters is None else (row.service_item.in_(sorted(reader.matters)),)
        theirs.append(select(row.id).where(row.subject == reader.company, *within))
    newest = [_newest(one, before, limit).subquery() for one in theirs]
    names = union(*(select(one.c.id) for one in newest)).subquery()
    statement = select(consent).join(names, names.c.id == row.id).order_by(row.id.desc()).limit(limit)
    return [_artefact(found) for found in connection.execute(statement)]


def _newest(theirs: Select[tuple[str]], before: str | None, limit: int) -> Select[tuple[str]]:
    older = theirs if before is None else theirs.where(consent.c.id < before)
    return older.order_by(consent.c.id.desc()).limit(limit)


def _of_wards(guardian: bytes, at: datetime) -> Select[tuple[str]]:
    """Those about somebody whose guardian this is, by a record in the case in which it was asked for.

    They end when the minor comes of age, and with them the guardian's part in them.
    """
    row, proven = consent.c, case_relation.c
    same = and_(proven.case_id == row.case_id, proven.subject == row.subject)
    return (
        select(row.id)
        .join(case_relation, same)
        .where(proven.proved_by == guardian, proven.relation.in_(WARDS), row.guarded.is_(True), row.not_after > at)
        .distinct()  # two records may name one ward in two ways
    )


def is_guardian(connection: Connection, guardian: bytes, artefact: Artefact) -> bool:
    """Whether a record of this very person proves, in the case in which it was asked for, whose guardian they are."""
    return _proves(connection, artefact.terms.case, artefact.subject, guardian)


def _proves(connection: Connection, case_id: str, ward: bytes, guardian: bytes) -> bool:
    wanted = _proof(literal(case_id), literal(ward), literal(guardian))
    found: bool = connection.execute(select(wanted)).scalar_one()
    return found


def _proof(case_id: ColumnElement[str], ward: ColumnElement[bytes], guardian: ColumnElement[bytes]) -> Exists:
    proven = case_relation.c
    return exists().where(
        proven.case_id == case_id,
        proven.subject == ward,
        proven.proved_by == guardian,
        proven.relation.in_(WARDS),
    )


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
    standing = and_(row.given_at.is_not(None), *_standing(at))
    return {Stage.WAITING: waiting, Stage.STANDING: standing, Stage.OVER: not_(or_(waiting, standing))}[stage]


def asked_in(connection: Connection, case_id: str, subject: bytes) -> list[Artefact]:
    """What somebody was asked for in one case."""
    statement = select(consent).where(consent.c.subject == subject, consent.c.case_id == case_id)
    return [_artefact(row) for row in connection.execute(statement.order_by(consent.c.id))]


def given(
    connection: Connection, organisation: str, service_item: str, case_id: str, subjects: Iterable[bytes]
) -> tuple[Artefact, ...]:
    """What these people gave to one organisation for one service item, the newest first, taken back or not.

    What a guardian gave is among it only where a record proves, in this case, whose guardian they are.
    """
    row = consent.c
    guardian = _proof(literal(case_id), row.subject, row.answerer)
    statement = select(consent).where(
        row.organisation == organisation,
        row.service_item == service_item,
        row.subject.in_(sorted(set(subjects))),
        row.given_at.is_not(None),
        or_(row.capacity != GUARDIAN, guardian),
    )
    return tuple(_artefact(found) for found in connection.execute(statement.order_by(row.given_at.desc(), row.id)))


def answer(connection: Connection, artefact: Artefact, by: Answerer, at: datetime, *, given: bool) -> bool:
    """Give or decline one that waits; False when it was answered already or nobody waits for it any more.

    False, too, where whoever answers is the minor's guardian no longer.
    """
    row = consent.c
    if by.capacity == GUARDIAN and not is_guardian(connection, by.index, artefact):
        return False
    unanswered = (row.given_at.is_(None), row.declined_at.is_(None), row.answer_by > at)
    statement = update(consent).where(row.id == artefact.id, *unanswered)
    who = {"answerer": by.index, "capacity": by.capacity, "mandate": by.mandate, "ends_at": by.until}
    said = {"given_at" if given else "declined_at": at}
    return connection.execute(statement.values(who | said)).rowcount == 1


def withdraw(connection: Connection, artefact: Artefact, by: Answerer, at: datetime) -> bool:
    """Take one back; False when that was done already or it was never given.

    A release that takes a use of the same row either commits before and stands, or finds it withdrawn.
    """
    row = consent.c
    if by.capacity == GUARDIAN and not is_guardian(connection, by.index, artefact):
        return False
    statement = update(consent).where(row.id == artefact.id, row.given_at.is_not(None), row.withdrawn_at.is_(None))
    return connection.execute(statement.values(withdrawn_at=at)).rowcount == 1


def resting_on(
    connection: Connection, mandates: Iterable[str], at: datetime, *, after: str, limit: int
) -> list[Artefact]:
    """Those in force that were given by these mandates, so many of them, the oldest first, from ``after`` on."""
    row = consent.c
    statement = select(consent).where(
        row.mandate.in_(sorted(mandates)), row.mandate != "", row.given_at.is_not(None), *_standing(at), row.id > after
    )
    return [_artefact(found) for found in connection.execute(statement.order_by(row.id).limit(limit))]


def end(connection: Connection, name: str, at: datetime) -> bool:
    """The mandate by which one was given has ended; False when it was over already."""
    statement = update(consent).where(consent.c.id == name, *_standing(at))
    return connection.execute(statement.values(ends_at=at)).rowcount == 1


def _standing(at: datetime) -> tuple[ColumnElement[bool], ...]:
    row = consent.c
    return row.withdrawn_at.is_(None), row.not_after > at, func.coalesce(row.ends_at, row.not_after) > at


def use(connection: Connection, artefact: Artefact, case_id: str, at: datetime) -> bool:
    """Take one use, in the transaction that records the release; False, and nothing taken, where none is left.

    A node whose clock is behind goes on in the period that another began: nobody gains a use by it. What a guardian
    gave counts while this very case (``case_id``) proves whose guardian they are.
    """
    row, terms, by = consent.c, artefact.terms, artefact.answered
    if by is not None and by.capacity == GUARDIAN and not _proves(connection, case_id, artefact.subject, by.index):
        return False
    period = terms.frequency.period(at)
    statement = update(consent).where(
        row.id == artefact.id,
        row.given_at.is_not(None),
        *_standing(at),
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
        guarded=row.guarded,
        answered=_answerer(row),
        given_at=row.given_at,
        declined_at=row.declined_at,
        withdrawn_at=row.withdrawn_at,
        period=row.period,
        used=row.used,
        total=row.total,
    )


def _answerer(row: Row[tuple[object, ...]]) -> Answerer | None:
    return None if row.answerer is None else Answerer(bytes(row.answerer), row.capacity, row.mandate, row.ends_at)
