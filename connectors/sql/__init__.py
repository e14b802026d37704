"""Sources that are a table, a view or a written SELECT of a SQL database: any that SQLAlchemy has a driver for.

One statement is ever sent: SELECT of the allowed columns, with bound values, limited in rows, bytes and time. SQLite
files are opened read-only; PostgreSQL, MariaDB and MySQL sessions are read-only transactions, each of one snapshot; a
database role with no more than SELECT remains the owner's own safeguard, and one that may do more is named in the log.
Exercised are SQLite, PostgreSQL and MariaDB; any other database is asked all the same and named as untested.
"""

from connectors.adapters import Adapter
from connectors.sql.connector import SqlConnector, open_source
from connectors.sql.engine import untested_kind
from connectors.sql.settings import SqlSettings, leave_out, parse

__all__ = ["ADAPTER", "SqlConnector", "SqlSettings", "untested_kind"]

ADAPTER = Adapter(parse=parse, open=open_source, leave_out=leave_out)
