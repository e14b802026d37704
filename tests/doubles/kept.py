"""What a database keeps, as text: to look for what should not be there."""

from __future__ import annotations

from kernel.database import Database


def kept(database: Database, *tables: str) -> str:
    """Every value of these tables, written out by itself: a row's own text leaves out the midst of a long one."""
    with database.read() as connection:
        return repr([tuple(row) for each in tables for row in connection.exec_driver_sql(f"SELECT * FROM {each}")])
