"""How grants were used in the last ninety days: each release is counted once, soon after; until then the log is read.

Officers look at it grant by grant (recertification, unused rights). Were ninety days of the log counted for every look,
it would take the longer the more is released.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from exchange.store import decisions, uses
from exchange.store.decisions import Release
from exchange.store.uses import Counts
from kernel.clock import Clock
from kernel.database import Database
from kernel.database.instants import moment
from kernel.dates import CHINA, local_day
from policies import recorded
from policies.grants.unused import Usage, by_grant_and_day, together

DAYS = 90
"""Whole days in China before today. Without use for so long a right is called unused."""

KEPT = timedelta(days=365)
"""How long the counts of a day are kept: longer than anybody looks, should a clock run ahead."""

AT_ONCE = 5_000
"""Releases counted in one transaction."""

MOST_AT_ONCE = 50
"""Transactions of one sweep: a log of years is caught up with in some minutes, and other housekeeping has its turn."""


def used(connection: Connection, now: datetime, refs: Collection[str] | None = None) -> Mapping[str, Usage]:
    """What was used of these grants (id@version), or of all, in the last ninety days and today."""
    day = local_day(now) - timedelta(days=DAYS)
    entry, counted = _counted(connection, day, refs)
    newer = _counts(_releases_after(connection, entry, datetime.combine(day, time(), CHINA)))
    return together([*counted, *((ref, usage) for (ref, _), usage in newer.items() if refs is None or ref in refs)])


def _counted(connection: Connection, day: date, refs: Collection[str] | None) -> tuple[int, list[tuple[str, Usage]]]:
    """What is counted since that day, and up to which entry; read again where another node counted on meanwhile."""
    while True:
        entry = uses.counted(connection)
        found = list(uses.since(connection, day, refs))
        if uses.counted(connection) == entry:
            return entry, found


def _releases_after(connection: Connection, entry: int, since: datetime) -> Iterator[Release]:
    last = decisions.newest(connection)
    while rows := decisions.releases(connection, entry, last, since, AT_ONCE):
        yield from rows
        entry = rows[-1][0]


def _counts(releases: Iterable[Release]) -> Counts:
    return by_grant_and_day(recorded.use_of(asked, verdict, moment(at)) for _, asked, verdict, at in releases)


@dataclass(frozen=True)
class UseCounting:
    """Counts what was released since it was last counted. Several nodes may: each release counts once.

    Entries of the log are committed in their order, so nothing comes later beside one that is counted.
    """

    database: Database
    clock: Clock

    def sweep(self) -> int:
        """Count on, and forget the days of long ago; how many releases were counted."""
        done = 0
        for _ in range(MOST_AT_ONCE):
            some = self._count()
            done += some
            if some < AT_ONCE:
                break
        before = local_day(self.clock.now() - KEPT)
        self.database.write(lambda connection: uses.prune(connection, before))
        return done

    def _count(self) -> int:
        with self.database.read() as connection:
            was, last = uses.counted(connection), decisions.newest(connection)
            rows = decisions.releases(connection, was, last, _EVER, AT_ONCE)
        if last <= was:
            return 0
        now, found = rows[-1][0] if len(rows) == AT_ONCE else last, _counts(rows)
        counted = self.database.write(lambda connection: uses.add(connection, found, was=was, now=now))
        return len(rows) if counted else 0


_EVER = datetime(1970, 1, 1, tzinfo=CHINA)
