"""Sources that are a table or a view of a SQL database: any that SQLAlchemy has a driver for.

One statement is ever sent: SELECT of the allowed columns, with bound values, limited. SQLite files are opened
read-only and PostgreSQL sessions are read-only transactions; a database role with no more than SELECT remains the
owner's own safeguard, for these and for every other database. Exercised are SQLite and PostgreSQL.
"""

from connectors.adapters import Adapter
from connectors.sql.connector import SqlConnector, open_source
from connectors.sql.settings import SqlSettings, parse

__all__ = ["ADAPTER", "SqlConnector", "SqlSettings"]

ADAPTER = Adapter(parse=parse, open=open_source)
