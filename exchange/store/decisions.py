"""The decision log: beside each ledger entry of a decision, what it depended on and what it said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from kernel.database.driver import run_many
from kernel.database.instants import micros


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """One decision. ``asked`` and ``verdict`` are texts of ``policies.recorded``; ``subject`` a blind index.

    ``epoch`` and ``catalogue`` say by which grants and which catalogue it was made, ``rules`` by which schema and
    guards; ``outcome`` what became of the item.
    """

    entry: int
    request_id: str
    item: int
    at: datetime
    epoch: int
    catalogue: int
    rules: str
    subject: bytes | None
    evidence_type: str
    asked: str
    consent_from: datetime | None
    consent_until: datetime | None
    verdict: str
    outcome: str


_ADD = """
INSERT INTO decision (entry, request_id, item, at, epoch, catalogue, rules, subject, evidence_type, asked, consent_from,
consent_until, verdict, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def add(connection: Connection, decisions: Sequence[LoggedDecision]) -> None:
    """Log the decisions of one request."""
    run_many(connection, _ADD, [_row(one) for one in decisions])


def _row(one: LoggedDecision) -> tuple[object, ...]:
    return (
        one.entry,
        one.request_id,
        one.item,
        micros(one.at),
        one.epoch,
        one.catalogue,
        one.rules,
        one.subject,
        one.evidence_type,
        one.asked,
        None if one.consent_from is None else micros(one.consent_from),
        None if one.consent_until is None else micros(one.consent_until),
        one.verdict,
        one.outcome,
    )
