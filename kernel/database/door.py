"""The two doors of a database: ``read`` and ``write``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar

from sqlalchemy import Connection, Engine, text

from kernel.database.engines import parse_url, postgresql_engine, sqlite_engine
from kernel.database.errors import DatabaseUnavailable, UnsafeDatabase, as_unavailable
from kernel.database.writer import CLOSED, Writer

T = TypeVar("T")

_READY_SECONDS = 2.0


class Database:
    """One database of one service; shared by all its threads, opened once in each process (after any fork).

    ``engine`` is for schema work and migrations; everything else passes ``read`` and ``write``.
    """

    def __init__(self, engine: Engine, readers: Engine, writer: Writer | None) -> None:
        """Compose; ``open`` is how one is made. ``writer`` is present on SQLite and absent on PostgreSQL."""
        self.engine = engine
        self.dialect: Literal["sqlite", "postgresql"] = "postgresql" if writer is None else "sqlite"
        self._readers = readers
        self._writer = writer
        self._closed = False

    @classmethod
    def open(cls, url: str, *, pool_size: int = 8) -> Database:
        """Open and check a database: ``sqlite:///path`` or ``postgresql+psycopg://…``.

        Raises UnsafeDatabase when it could lose what it acknowledged, DatabaseUnavailable when it cannot be reached.
        """
        parts = parse_url(url)
        if parts.get_backend_name() == "sqlite":
            engine = sqlite_engine(parts, pool_size=2, writing=True)  # the writer's, and one for schema work
            readers = sqlite_engine(parts, pool_size=pool_size, writing=False)
        else:
            engine = postgresql_engine(parts, pool_size=pool_size, writing=True)
            readers = postgresql_engine(parts, pool_size=pool_size, writing=False)
        _probe(engine)
        return cls(engine, readers, Writer(engine) if engine.dialect.name == "sqlite" else None)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading: each statement sees what was committed before it began.

        Raises DatabaseUnavailable. No transaction is held open, so a slow reader delays nobody.
        """
        self._refuse_closed()
        try:
            with self._readers.connect() as connection:
                yield connection
        except Exception as error:
            _raise_unavailable(error, uncertain=False)
            raise

    def write(self, work: Callable[[Connection], T], *, timeout: float = 10.0) -> T:
        """Run ``work`` in one transaction of its own and return its result once that is durable.

        An exception rolls back this work alone and is raised here; what must persist although the answer is an error
        is therefore *returned* as an outcome. ``work`` sees its own writes, may read, must not commit, roll back or
        call ``write``, and must not wait for anything but the database: on SQLite it holds up every other write.

        Raises DatabaseUnavailable when the database cannot commit, or on SQLite has not within ``timeout`` seconds (on
        PostgreSQL the session's own limits apply: 4 s for a connection or a lock, 10 s for a statement). Its
        ``uncertain`` says that the write may have been committed all the same.
        """
        if self._writer is not None:
            return self._writer.write(work, timeout)
        self._refuse_closed()
        return self._write_here(work)

    def _write_here(self, work: Callable[[Connection], T]) -> T:
        worked = False
        try:
            with self.engine.begin() as connection:
                result = work(connection)
                worked = True
        except Exception as error:
            _raise_unavailable(error, uncertain=worked)
            raise
        return result

    def ready(self) -> None:
        """Raise DatabaseUnavailable unless this database can be read and written now."""
        with self.read() as connection:
            if self._writer is None and connection.scalar(text("SELECT pg_is_in_recovery()")):
                raise DatabaseUnavailable("a standby that cannot be written")
            connection.execute(text("SELECT 1"))
        if self._writer is not None:
            self._writer.write(lambda _connection: None, _READY_SECONDS)

    def _refuse_closed(self) -> None:
        """A pool given back would open connections anew, and nobody would give those back."""
        if self._closed:
            raise DatabaseUnavailable(CLOSED)

    def close(self) -> None:
        """Finish the writes that wait, then give back every connection; later work raises DatabaseUnavailable."""
        if self._writer is not None:
            self._writer.close()
        self._closed = True
        self._readers.dispose()
        self.engine.dispose()


def _probe(engine: Engine) -> None:
    try:
        with engine.connect():
            pass
    except UnsafeDatabase:
        engine.dispose()
        raise
    except Exception as error:
        engine.dispose()
        _raise_unavailable(error, uncertain=False)
        raise


def _raise_unavailable(error: Exception, *, uncertain: bool) -> None:
    unavailable = as_unavailable(error, uncertain=uncertain)
    if unavailable is not None:
        raise unavailable from error
