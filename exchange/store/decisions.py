"""The decision log: beside each ledger entry of a decision, what it depended on and what it said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from exchange.store.deliveries import RELEASED
from kernel.database.driver import insert_many, listed, run
from kernel.database.instants import micros, moment, optional_moment


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
    insert_many(connection, _ADD, [_row(one) for one in decisions])


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


@dataclass(frozen=True, slots=True)
class Period:
    """Decisions made from ``since`` until before ``until``; None for no limit."""

    since: datetime | None = None
    until: datetime | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        """As stored."""
        return (
            _EVER[0] if self.since is None else micros(self.since),
            _EVER[1] if self.until is None else micros(self.until),
        )


_EVER = (-(2**62), 2**62)
_COLUMNS = """
entry, request_id, item, at, epoch, catalogue, rules, subject, evidence_type, asked, consent_from, consent_until,
verdict, outcome
"""
_PAGE = 5_000
_READ = f"""
SELECT entry, request_id, item, at, epoch, catalogue, rules, asked, consent_from, consent_until, verdict FROM decision
WHERE entry > ? AND entry <= ? AND at >= ? AND at < ? ORDER BY entry LIMIT {_PAGE}
"""  # noqa: S608 - a number of our own
_SPAN = "SELECT min(entry), max(entry) FROM decision"


def span(connection: Connection) -> tuple[int, int] | None:
    """The entries of the first and the last decision."""
    first, last = run(connection, _SPAN).fetchone() or (None, None)
    return None if first is None or last is None else (int(first), int(last))


Written = tuple[int, str, int, int, int, int, str, str, int | None, int | None, str]
"""A decision as it is stored, without whom it was about: entry, request, item, at, epoch, catalogue, rules, asked,
begin and end of the consent, verdict. Instants are microseconds since 1970.
"""


def between(connection: Connection, after: int, last: int, period: Period) -> Iterator[Written]:
    """The decisions beside the entries after ``after`` up to ``last``, in their order, read a page at a time."""
    while rows := run(connection, _READ, (after, last, *period.bounds)).fetchall():
        yield from rows
        after = rows[-1][0]


def beside(connection: Connection, entries: Sequence[int]) -> dict[int, LoggedDecision]:
    """The decisions beside these entries, as far as there is one, by entry."""
    if not entries:
        return {}
    sql = f"SELECT {_COLUMNS} FROM decision WHERE entry IN {listed(len(entries))}"  # noqa: S608 - placeholders
    return {row[0]: _logged(row) for row in run(connection, sql, tuple(entries)).fetchall()}


def latest(connection: Connection, before: int | None, most: int) -> tuple[LoggedDecision, ...]:
    """The newest decisions, or the newest beside the entries before one of them; at most so many, newest first."""
    sql = f"SELECT {_COLUMNS} FROM decision WHERE entry < ? ORDER BY entry DESC LIMIT ?"  # noqa: S608 - our own names
    rows = run(connection, sql, (_EVER[1] if before is None else before, most)).fetchall()
    return tuple(_logged(row) for row in rows)


def newest_of(
    connection: Connection, evidence_types: Sequence[str], period: Period, most: int
) -> tuple[LoggedDecision, ...]:
    """The newest decisions about these evidence types, at most so many."""
    sql = f"""
    SELECT {_COLUMNS} FROM decision WHERE evidence_type IN {listed(len(evidence_types))} AND at >= ? AND at < ?
    ORDER BY at DESC, entry DESC LIMIT ?
    """  # noqa: S608 - placeholders and our own column names
    return tuple(_logged(row) for row in run(connection, sql, (*evidence_types, *period.bounds, most)).fetchall())


def _logged(row: Sequence[Any]) -> LoggedDecision:
    return LoggedDecision(
        row[0],
        row[1],
        row[2],
        moment(row[3]),
        row[4],
        row[5],
        row[6],
        None if row[7] is None else bytes(row[7]),
        row[8],
        row[9],
        optional_moment(row[10]),
        optional_moment(row[11]),
        row[12],
        row[13],
    )


def newest(connection: Connection) -> int:
    """The entry of the last decision; -1 before the first."""
    (entry,) = run(connection, "SELECT max(entry) FROM decision").fetchone() or (None,)
    return -1 if entry is None else int(entry)


_RELEASES = """
SELECT entry, asked, verdict, at FROM decision WHERE entry > ? AND entry <= ? AND outcome = ? AND at >= ?
ORDER BY entry LIMIT ?
"""
Release = tuple[int, str, str, int]
"""Something that left: its entry, what was asked, the verdict, and when (microseconds since 1970)."""


def releases(connection: Connection, after: int, last: int, since: datetime, most: int) -> list[Release]:
    """The first releases since then beside the entries after ``after`` up to ``last``, in their order."""
    rows = run(connection, _RELEASES, (after, last, RELEASED, micros(since), most)).fetchall()
    return [(entry, asked, verdict, at) for entry, asked, verdict, at in rows]
