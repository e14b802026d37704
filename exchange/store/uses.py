"""How grants were used, counted from the decision log: a row for each grant and day, and the last entry that counts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from sqlalchemy import Connection

from kernel.database.driver import listed, run
from kernel.database.instants import micros, moment
from policies.grants.unused import Usage

Counts = Mapping[tuple[str, date], Usage]
"""What was used of each grant (id@version) on each day."""

_COUNTED = "SELECT entry FROM grant_use_counted"
_COUNT_ON = "UPDATE grant_use_counted SET entry = ? WHERE entry = ?"
_OF_A_DAY = "SELECT releases, last, fields, predicates FROM grant_use WHERE grant_ref = ? AND day = ?"
_PUT = """
INSERT INTO grant_use (grant_ref, day, releases, last, fields, predicates) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (grant_ref, day) DO UPDATE SET releases = excluded.releases, last = excluded.last,
fields = excluded.fields, predicates = excluded.predicates
"""


def counted(connection: Connection) -> int:
    """The last entry of the log that is counted; -1 before the first."""
    (entry,) = run(connection, _COUNTED).fetchone() or (-1,)
    return int(entry)


def add(connection: Connection, found: Counts, *, was: int, now: int) -> bool:
    """Add what the entries after ``was`` up to ``now`` released; False, and nothing added, where others did already."""
    # First, so that whoever comes second waits for this row and then finds it moved.
    if run(connection, _COUNT_ON, (now, was)).rowcount != 1:
        return False
    for (ref, day), usage in sorted(found.items()):
        row = run(connection, _OF_A_DAY, (ref, day.isoformat())).fetchone()
        whole = usage if row is None else _usage(*row).joined(usage)
        if whole.last is not None:
            fields, predicates = (",".join(sorted(names)) for names in (whole.fields, whole.predicates))
            run(connection, _PUT, (ref, day.isoformat(), whole.releases, micros(whole.last), fields, predicates))
    return True


def since(connection: Connection, day: date, refs: Collection[str] | None = None) -> Iterator[tuple[str, Usage]]:
    """What was used from that day on, of these grants or of all; a grant may come several times."""
    among = "" if refs is None else f" AND grant_ref IN {listed(len(refs))}"
    sql = f"""
    SELECT grant_ref, sum(releases), max(last), fields, predicates FROM grant_use WHERE day >= ?{among}
    GROUP BY grant_ref, fields, predicates
    """  # noqa: S608 - placeholders
    for ref, *row in run(connection, sql, (day.isoformat(), *sorted(refs or ()))).fetchall():
        yield ref, _usage(*row)


def prune(connection: Connection, before: date) -> None:
    """Forget what was used before that day."""
    run(connection, "DELETE FROM grant_use WHERE day < ?", (before.isoformat(),))


def _usage(releases: int, last: int, fields: str, predicates: str) -> Usage:
    return Usage(int(releases), moment(int(last)), _names(fields), _names(predicates))


def _names(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))
