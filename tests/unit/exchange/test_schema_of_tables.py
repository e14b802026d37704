"""The migrations make exactly the tables the code speaks of, on both databases."""

from __future__ import annotations

import sqlalchemy as sa

from exchange.app import PACKAGE
from exchange.store.tables import METADATA
from kernel import migrations
from kernel.database import Database


def test_the_migrations_make_the_tables_the_code_speaks_of(database_url: str) -> None:
    migrations.upgrade(database_url, PACKAGE)
    assert migrations.current(database_url, PACKAGE)
    database = Database.open(database_url)
    found = sa.inspect(database.engine)
    names = set(found.get_table_names()) - {"alembic_version_exchange_store"}
    assert names == set(METADATA.tables)
    for name, table in METADATA.tables.items():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(name)}
        assert columns == {column.name: bool(column.nullable) for column in table.columns}, name
        indexes = {index["name"] for index in found.get_indexes(name) if not index.get("duplicates_constraint")}
        assert {str(index.name) for index in table.indexes} <= indexes, name
    database.close()
