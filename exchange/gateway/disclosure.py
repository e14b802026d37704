"""From a whole record to what may leave: the requested and granted fields, masked, and computed answers. Nothing else.

The filter names what goes out; it never names what stays. Whatever a source adds, renames or nests is therefore not
released.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from connectors.source import Outcome, Retrieved
from exchange import errors
from exchange.catalogue.model import EvidenceType
from exchange.catalogue.record_schema import Check
from exchange.certificates.standing import OnRecord
from exchange.gateway import predicates
from exchange.gateway.predicates import VALID_ON, WITHOUT_A_RECORD, Unanswerable
from exchange.gateway.request import Item, Question
from kernel.canonical import JSON
from kernel.identifiers.masking import Mask, mask
from kernel.problems import ProblemKind
from policies.decision import Permit


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What leaves of one record: ``data`` by field (None when no field was asked) and ``answers`` in their order."""

    data: Mapping[str, JSON] | None = field(repr=False)
    answers: tuple[Mapping[str, JSON], ...]


def disclose(
    item: Item,
    permit: Permit,
    found: Retrieved,
    kind: EvidenceType,
    conforms: Check,
    today: date,
    register: OnRecord | None = None,
) -> Disclosed | ProblemKind:
    """What of a record may leave, or why nothing does. ``register``: how the certificate stands that it is."""
    record = found.values if found.outcome is Outcome.FOUND else None
    if record is None and not answered_without_a_record(item):
        return errors.RECORD_NOT_FOUND
    if record is not None and conforms(dict(record)) is not None:
        return errors.RECORD_INVALID
    try:
        answers = tuple(
            _answer(question, kind, record, today, register)
            for question in item.questions
            if _granted(question, permit)
        )
        data = None if not item.fields else project(record or {}, item.fields, permit.release)
    except (Unanswerable, Unmaskable):
        return errors.RECORD_INVALID
    return Disclosed(data, answers)


class Unmaskable(Exception):
    """A value that cannot be shortened as its mask demands; it does not leave at all."""


def project(record: Mapping[str, JSON], asked: tuple[str, ...], release: Mapping[str, Mask]) -> dict[str, JSON]:
    """Released = asked ∩ granted, each as its mask allows. A field without a value is absent. Raises Unmaskable."""
    return {name: masked(release[name], record[name]) for name in asked if name in release and name in record}


def masked(kind: Mask, value: JSON) -> JSON:
    """A value under a mask: text is shortened, a list member by member. Raises Unmaskable for anything else."""
    if kind is Mask.CLEAR or value is None:
        return value
    if isinstance(value, str):
        return mask(kind, value)
    if isinstance(value, list):
        return [masked(kind, member) for member in value]
    raise Unmaskable


def answered_without_a_record(item: Item) -> bool:
    """Whether "no such record" is an answer to everything asked."""
    return not item.fields and all(question.name in WITHOUT_A_RECORD for question in item.questions)


def _granted(question: Question, permit: Permit) -> bool:
    return question.name in permit.predicates


def _answer(
    question: Question, kind: EvidenceType, record: Mapping[str, JSON] | None, today: date, register: OnRecord | None
) -> Mapping[str, JSON]:
    answered = predicates.answer(kind.predicates[question.name], question.args, record, today)
    if question.name == VALID_ON and register is not None:  # a record seldom says that it was revoked (ADR 0093)
        answered = answered and register.stands_on(date.fromisoformat(str(question.args["date"])))
    return {"name": question.name, "args": dict(question.args), "answer": answered}
