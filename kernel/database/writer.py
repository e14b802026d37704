"""The one thread through which every write of a process on SQLite passes, committing together whatever is waiting.

SQLite has one write lock for a whole file, and waiting for it by polling starves some callers for seconds. One thread
that owns the lock, takes what is waiting and commits once serves everybody in order, and pays for one flush to the disk
instead of many. No timer: a lone write is committed at once, and batches grow only as fast as the disk is slow.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection, Engine

from kernel.database.errors import DatabaseUnavailable, as_unavailable
from kernel.turns import interrupt_when_awake

T = TypeVar("T")

MOST_IN_ONE_COMMIT = 128
CLOSED = "the database is closed"


class _Job(Generic[T]):
    """One waiting write. Whoever takes ``claim`` first decides: the thread runs it, or its caller has given up."""

    __slots__ = ("claim", "done", "error", "result", "work")

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.work = work
        self.claim = threading.Lock()
        self.done = threading.Lock()
        self.done.acquire()
        self.result: T | None = None
        self.error: BaseException | None = None

    def attempt(self, connection: Connection) -> bool:
        try:
            self.result = self.work(connection)
        except BaseException as error:  # noqa: BLE001 - it is re-raised in the caller's thread
            self.error = as_unavailable(error) or error
        return self.error is None


class Writer:
    """Owns one connection and one thread; ``write`` may be called from any other thread."""

    def __init__(self, engine: Engine) -> None:
        """Start the thread; ``engine`` must begin its transactions with BEGIN IMMEDIATE."""
        self._engine = engine
        self._held: Connection | None = None
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    def write(self, work: Callable[[Connection], T], timeout: float) -> T:
        """Have ``work`` run and committed; re-raises what it raised. DatabaseUnavailable after ``timeout`` seconds."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a write inside a write would wait for itself: use the connection it was given")
        job = _Job(work)
        with self._gate:
            if self._closing:
                raise DatabaseUnavailable(CLOSED)
            self._jobs.put(job)
        if not job.done.acquire(timeout=timeout):
            # Not begun: it never will be. Begun: nobody can say yet whether it will be committed.
            raise DatabaseUnavailable("no commit in time", uncertain=not job.claim.acquire(blocking=False))
        if job.error is not None:
            raise job.error
        return cast("T", job.result)

    def close(self) -> None:
        """Refuse new writes, commit those that wait, and end the thread."""
        with self._gate:
            first, self._closing = not self._closing, True
        if first:
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        interrupt_when_awake()  # it wakes from the disk, and whoever is waiting waits for it
        open_ = True
        while open_:
            jobs, open_ = self._waiting()
            if jobs:
                self._serve(jobs)
        self._discard()

    def _waiting(self) -> tuple[list[_Job[Any]], bool]:
        """At least one entry, and what else is there by now; False when the last of all was seen."""
        jobs: list[_Job[Any]] = []
        entry = self._jobs.get()
        while entry is not None:
            if entry.claim.acquire(blocking=False):
                jobs.append(entry)
            if len(jobs) == MOST_IN_ONE_COMMIT:
                return jobs, True
            try:
                entry = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, True
        return jobs, False

    def _serve(self, jobs: list[_Job[Any]]) -> None:
        try:
            self._transact(jobs)
        except BaseException as error:  # noqa: BLE001 - this thread must outlive every failure
            self._discard()
            for job in jobs:
                job.error = job.error or _unavailable(error, uncertain=False)
        for job in jobs:
            job.done.release()

    def _transact(self, jobs: list[_Job[Any]]) -> None:
        connection = self._held = self._held or _endless(self._engine)
        driver = _driver(connection)
        driver.execute("BEGIN IMMEDIATE")
        if len(jobs) > 1:
            _attempt_each(connection, driver, jobs)
        elif not jobs[0].attempt(connection):
            driver.rollback()
            return
        self._commit(driver, jobs)

    def _commit(self, driver: sqlite3.Connection, jobs: list[_Job[Any]]) -> None:
        if not driver.in_transaction:
            raise DatabaseUnavailable("the transaction ended by itself")  # SQLite does so when a disk is full
        try:
            driver.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - told to every caller
            self._discard()
            for job in jobs:
                job.error = job.error or _unavailable(error, uncertain=True)

    def _discard(self) -> None:
        """Never use a connection again whose state is unknown; closing it rolls back what was open."""
        connection, self._held = self._held, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _attempt_each(connection: Connection, driver: sqlite3.Connection, jobs: list[_Job[Any]]) -> None:
    """One savepoint for each, so that one failure undoes one write; the commit ends them all."""
    for job in jobs:
        driver.execute("SAVEPOINT work")
        if not job.attempt(connection):
            # Fails where SQLite has rolled back the whole transaction by itself: then all have failed.
            driver.execute("ROLLBACK TO work")  # the innermost of this name, which is this write's own


def _endless(engine: Engine) -> Connection:
    """A connection on which SQLAlchemy believes one transaction to be open for ever.

    The real transactions are begun and ended on the driver below it: that costs a tenth of what SQLAlchemy's own do.
    """
    connection = engine.connect()
    connection.begin()
    _driver(connection).rollback()
    return connection


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def _unavailable(error: BaseException, *, uncertain: bool) -> DatabaseUnavailable:
    """A fresh exception for each caller: one shared by several threads would mix their tracebacks."""
    known = as_unavailable(error, uncertain=uncertain)
    if known is not None:
        return known
    reason = str(error) if isinstance(error, DatabaseUnavailable) else f"the commit failed: {type(error).__name__}"
    unavailable = DatabaseUnavailable(reason, uncertain=uncertain)
    unavailable.__cause__ = error
    return unavailable
