"""Whom an item is about, and in which proven relation to the person of the case (ADR 0013)."""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from exchange import errors
from exchange.blind_index import BlindIndex
from exchange.catalogue.model import APPLICANT, REPRESENTATIVE, REPRESENTED, SELF, EvidenceType
from exchange.gateway.refusals import Refusal
from exchange.gateway.request import Item
from exchange.store.cases import Case
from kernel.dates import CHINA, completed_years, local_day
from kernel.identifiers.subject import Scheme, SubjectRef
from kernel.problems import ProblemKind
from policies.guards import OF_AGE, WARDS

CITIZEN: Scheme = "citizen-number"


@dataclass(frozen=True, slots=True)
class Concerned:
    """The subject of one item: the number (only in memory), its blind index, and the relation, proven."""

    subject: SubjectRef = field(repr=False)
    index: bytes = field(repr=False)
    relation: str


def is_minor(subject: SubjectRef, at: datetime) -> bool:
    """Whether a person is younger than the law lets decide alone, by the birth day that their number holds."""
    if subject.scheme != CITIZEN:
        return False
    born = date(int(subject.value[6:10]), int(subject.value[10:12]), int(subject.value[12:14]))
    return completed_years(born, local_day(at)) < OF_AGE


def comes_of_age(subject: SubjectRef) -> datetime | None:
    """The first moment, in China, at which somebody decides alone; None for a company, which has no age."""
    if subject.scheme != CITIZEN:
        return None
    year, month, day = int(subject.value[6:10]) + OF_AGE, int(subject.value[10:12]), int(subject.value[12:14])
    if (month, day) == (2, 29) and not isleap(year):  # as ``completed_years`` counts
        month, day = 3, 1
    return datetime(year, month, day, tzinfo=CHINA)


def guardians(case: Case, ward: bytes) -> frozenset[bytes]:
    """Who is proven, in this case, to be somebody's parent or another guardian: by that very person's own record."""
    return frozenset(by for subject, relation, by in case.relations if subject == ward and relation in WARDS and by)


def may_join(case: Case, person: bytes) -> bool:
    """Whether somebody who signed in themselves may become a party: listed, or nobody was listed as applicant."""
    listed = {party.subject for party in case.parties if not party.joined}
    applicants = {party.subject for party in case.parties if party.role == APPLICANT and not party.joined}
    return person in listed or not applicants


def acts_for_a_party(case: Case, company: bytes | None) -> bool:
    """Whether the company somebody acts for is a party of the case."""
    return company is not None and any(party.subject == company for party in case.parties)


def in_own_right(case: Case, person: bytes) -> bool:
    """Whether somebody is a party otherwise than by having acted for a company of the case (ADR 0039)."""
    return any(party.subject == person and party.role != REPRESENTATIVE for party in case.parties)


def concerned(
    item: Item,
    kind: EvidenceType | None,
    *,
    person: SubjectRef | None,
    known: bytes | None,
    company: SubjectRef | None,
    case: Case,
    indexes: BlindIndex,
) -> Concerned | Refusal:
    """Whom the item is about, or why that cannot be.

    ``person`` is the token's own, None when nobody is present; ``known`` their blind index;
    ``company`` whom they act for by a mandate that covers this matter.
    """
    if item.source is not None and item.subject is None:
        return _refused(errors.INPUT_MISSING)
    subject = item.subject or person
    if subject is None:
        return _refused(errors.SUBJECT_MISSING)
    if kind is not None and subject.scheme != kind.subject_scheme:
        return _refused(errors.SUBJECT_OTHER_SCHEME)
    is_person = person is not None and subject == person
    index = known if is_person and known is not None else indexes.of(subject)
    if is_person:
        return Concerned(subject, index, SELF) if item.relation in {None, SELF} else _refused(errors.RELATION_UNPROVEN)
    if subject == company and item.relation == REPRESENTED and any(party.subject == index for party in case.parties):
        return Concerned(subject, index, REPRESENTED)  # proven by the mandate (ADR 0039)
    return _other(item, subject, index, known, case)


def _other(item: Item, subject: SubjectRef, index: bytes, known: bytes | None, case: Case) -> Concerned | Refusal:
    roles = {party.role for party in case.parties if party.subject == index}
    if not roles:
        return _refused(errors.SUBJECT_NOT_IN_CASE)
    if known is None and APPLICANT in roles and item.relation in {None, SELF}:
        return Concerned(
            subject, index, SELF
        )  # absent: the department names its own applicant; the grant must allow it
    if item.relation is None or not _is_proven(index, item.relation, known, case):
        return _refused(errors.RELATION_UNPROVEN)
    return Concerned(subject, index, item.relation)


def _is_proven(index: bytes, relation: str, known: bytes | None, case: Case) -> bool:
    """Whether records of this case prove the relation.

    A guardian must be the person of the case: only that person's own record proves who their child or ward is. A
    brother's child, named by the record of their mother, is not theirs.
    """
    provers = {by for subject, proven, by in case.relations if (subject, proven) == (index, relation)}
    if relation not in WARDS:
        return bool(provers)
    if known is not None:
        return known in provers
    return any(party.subject in provers for party in case.parties if party.role == APPLICANT)


def in_every_relation(
    item: Item,
    kind: EvidenceType | None,
    *,
    person: SubjectRef | None,
    known: bytes | None,
    company: SubjectRef | None,
    case: Case,
    indexes: BlindIndex,
) -> tuple[Concerned, ...]:
    """Whom an item is about that names its subject and no relation: once for each relation that is proven."""
    index = None if item.subject is None else indexes.of(item.subject)
    named = sorted(relation for subject, relation, _by in case.relations if subject == index)
    tried = (
        concerned(
            replace(item, relation=relation),
            kind,
            person=person,
            known=known,
            company=company,
            case=case,
            indexes=indexes,
        )
        for relation in dict.fromkeys((SELF, REPRESENTED, *named))
    )
    return tuple(one for one in tried if isinstance(one, Concerned))


def _refused(kind: ProblemKind) -> Refusal:
    return Refusal(kind)
