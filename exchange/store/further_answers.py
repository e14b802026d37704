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
THE_PERSON = ""
"""Who answers on their own page; nobody else can use up what they have (ADR 0074)."""
RELAYED_TOGETHER = 2
"""How many times the attempts of one are those of all organisations together that put the questions elsewhere."""


class Became(StrEnum):
    """What became of an answer. GIVEN: not known yet, or never, because the process died; it counts as wrong."""

    GIVEN = "given"
    RIGHT = "right"
    WRONG = "wrong"
    UNDONE = "undone"
    """The source gave no answer: nothing was learnt from it, and it does not count."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer: the ``attempt``-th to an item of a request, about ``subject`` (blind index).

    ``asker``: the organisation whose system put the questions to its own person; THE_PERSON where they were put here.
    """

    request_id: str
    item: int
    attempt: int
    subject: bytes = field(repr=False)
    evidence_type: str
    at: datetime
    asker: str = THE_PERSON


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
        "asker": one.asker,
    }
    connection.execute(insert(further_answer).values(values))


def set_outcome(connection: Connection, one: GivenAnswer, became: Became) -> None:
    """What became of it."""
    same = (_row.request_id == one.request_id, _row.item == one.item, _row.attempt == one.attempt)
    connection.execute(update(further_answer).where(*same).values(became=became.value))


def left(
    connection: Connection, subject: bytes, evidence_type: str, since: datetime, *, attempts: int, asker: str
) -> int:
    """How often an answer about somebody's record of a type may still be wrong, where this asker puts the questions.

    What was wrong since then counts, and what is not known to have been right. Each asker has the ``attempts`` of the
    source; those elsewhere have no more than `RELAYED_TOGETHER` times as many among them (ADR 0074).
    """
    counted = _row.became.in_((Became.GIVEN.value, Became.WRONG.value))
    same = (_row.subject == subject, _row.evidence_type == evidence_type, _row.at >= since)
    rows = connection.execute(select(_row.asker, func.count()).where(counted, *same).group_by(_row.asker))
    wrong = {name: int(many) for name, many in rows}
    own = attempts - wrong.pop(asker, 0)
    if asker == THE_PERSON:
        return own
    elsewhere = sum(many for name, many in wrong.items() if name != THE_PERSON)
    return min(own, RELAYED_TOGETHER * attempts - elsewhere - (attempts - own))
