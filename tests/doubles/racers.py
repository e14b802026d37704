"""Processes that race for what only one of them may have, each with its own connection to one database."""

from __future__ import annotations

import multiprocessing
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier

from idp.store import invitations, logout_notices
from kernel.database import Database
from tests.doubles.forked import SERVER

PROCESSES = 8
LEASE = timedelta(seconds=30)


def spend_invitation(database: Database, token_hash: bytes, now: datetime) -> int:
    """How many of five tries were granted."""
    return sum(database.write(lambda connection: invitations.spend(connection, token_hash, now)) for _ in range(5))


def claim_notices(database: Database, now: datetime) -> int:
    """How many of the notices that were due when all began are this process's."""
    with database.read() as connection:
        due = logout_notices.due(connection, now, 100)
    return sum(
        database.write(lambda connection, seen=seen: logout_notices.claim(connection, seen, now + LEASE))
        for seen in due
    )


def _run(url: str, token_hash: bytes, now: datetime, start: Barrier, won: multiprocessing.Queue) -> None:
    database = Database.open(url, pool_size=1)
    try:
        start.wait(120)
        won.put((spend_invitation(database, token_hash, now), claim_notices(database, now)))
    finally:
        database.close()


def race(url: str, token_hash: bytes, now: datetime) -> list[tuple[int, int]]:
    """What each of eight processes won: uses of an invitation, and notices."""
    start, won = SERVER.Barrier(PROCESSES), SERVER.Queue()
    arguments = (url, token_hash, now, start, won)
    processes = [SERVER.Process(target=_run, args=arguments, daemon=True) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    results = [won.get(timeout=150) for _ in processes]
    for process in processes:
        process.join(30)
    return results
