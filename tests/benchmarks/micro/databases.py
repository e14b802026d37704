"""One durable write transaction through the only door there is (SQLite, synchronous=FULL)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from kernel.database import Database
from tests.benchmarks.micro import Operation

EACH = 8


def operations(folder: Path, stack: ExitStack) -> Iterator[Operation]:
    """One row a transaction: alone, and with several callers at once that share commits."""
    database = Database.open(f"sqlite:///{folder}/micro.sqlite3")
    stack.callback(database.close)
    table = sa.Table("row", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String))
    with database.engine.begin() as connection:
        table.create(connection)
    statement = table.insert()

    def insert(connection: Connection) -> bool:
        connection.execute(statement, {"text": "x" * 200})
        return True

    yield Operation("Database.write, one caller", lambda: database.write(insert))
    for callers in (8, 32):
        yield Operation(
            f"Database.write, {callers} callers",
            together(stack, callers, lambda: [database.write(insert) for _ in range(EACH)]),
            callers * EACH,
            "callers share commits",
        )


def together(stack: ExitStack, callers: int, work: Callable[[], object]) -> Callable[[], bool]:
    """A call that has ``work`` done by so many threads at once."""
    pool = stack.enter_context(ThreadPoolExecutor(callers))

    def once() -> bool:
        return all(done.result() for done in [pool.submit(work) for _ in range(callers)])

    return once
