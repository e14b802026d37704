"""Databases: SQLite for one machine, PostgreSQL for many, the same promises from both (ADR 0002).

Owns: opening a database and refusing one that could lose what it acknowledged; one door for reading and one for
writing; the column type for instants. On SQLite all writes of the process pass one thread, which commits whatever is
waiting together; on PostgreSQL each write is an ordinary transaction of the calling thread.

Talks to: SQLAlchemy, sqlite3 and psycopg. The tables live in the services' ``store`` packages.
"""

from kernel.database.columns import Instant, upsert_ignore, upsert_touch
from kernel.database.door import Database
from kernel.database.errors import DatabaseUnavailable, UnsafeDatabase
from kernel.database.prepared import Prepared

__all__ = ["Database", "DatabaseUnavailable", "Instant", "Prepared", "UnsafeDatabase", "upsert_ignore", "upsert_touch"]
