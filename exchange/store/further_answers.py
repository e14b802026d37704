"""Answers that people gave to further questions, to be counted: whose record, when, and what became of each.

What was answered stands nowhere: a salted commitment in the log is all that is left of it. Rows count for a day only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from exchange.store.tables import further_answer

_row = further_answer.c


class Became(StrEnum):
    """What became of an answer. GIVEN: not known yet, or never, because the process died; it counts as wrong."""

    GIVEN = "given"
    RIGHT = "right"
    WRONG = "wrong"
    UNDONE = "undone"
    """The source gave no answer: nothing was learnt from it, and it does not count."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer: the ``attempt``-th to an item of a request, about ``subject`` (blind index)."""

    request_id: str
    item: int
    attempt: int
    subject: bytes = field(repr=False)
    evidence_type: str
    at: datetime


def add(connection: Connection, one: GivenAnswer, since: datetime) -> None:
    """Count an answer from now on; those before ``since`` are forgotten."""
    connection.execute(delete(further_answer).where(_row.at < since))
    values = {
        "request_id": one.request_id,
        "item": one.item,
        "attempt": one.attempt,
        "subject": one.subject,
        "evidence_type": one.evidence_type,
        "at": one.at,
        "became": Became.GIVEN.value,
    }
    connection.execute(insert(further_answer).values(values))


def set_outcome(connection: Connection, one: GivenAnswer, became: Became) -> None:
    """What became of it."""
    same = (_row.request_id == one.request_id, _row.item == one.item, _row.attempt == one.attempt)
    connection.execute(update(further_answer).where(*same).values(became=became.value))


def wrong(connection: Connection, subject: bytes, evidence_type: str, since: datetime) -> int:
    """How many answers about somebody's record of a type were wrong since then, or are not known to have been right."""
    counted = _row.became.in_((Became.GIVEN.value, Became.WRONG.value))
    same = (_row.subject == subject, _row.evidence_type == evidence_type, _row.at >= since)
    return int(connection.scalar(select(func.count()).where(counted, *same)) or 0)
