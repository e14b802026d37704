"""Whether the role that a source is asked with could do more than read: asked once, of the database itself."""

from __future__ import annotations

import re

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

_POSTGRESQL = text(
    "SELECT rolsuper OR has_database_privilege(current_database(), 'CREATE') OR EXISTS ("
    " SELECT FROM information_schema.role_table_grants"
    " WHERE grantee = current_user AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'))"
    " FROM pg_roles WHERE rolname = current_user"
)
_MYSQL = text("SHOW GRANTS FOR CURRENT_USER")
_WRITING = re.compile(
    r"GRANT\b.*\b(ALL PRIVILEGES|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|FILE|SUPER|TRIGGER|EXECUTE)\b.*\bON\b"
)


def may_write(connection: Connection) -> bool:
    """Whether the role has a right to write, as far as its database says; False where it does not say."""
    try:
        if connection.dialect.name == "postgresql":
            return bool(connection.execute(_POSTGRESQL).scalar())
        if connection.dialect.name in {"mysql", "mariadb"}:
            return any(_WRITING.search(str(grant)) for grant in connection.execute(_MYSQL).scalars())
    except SQLAlchemyError:  # a role that may not even ask
        return False
    return False
