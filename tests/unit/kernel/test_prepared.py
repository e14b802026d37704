"""A prepared statement does what SQLAlchemy would have done with it: same rows, same types, same errors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    exc,
    insert,
    select,
    update,
)

from kernel.database import Database, Instant, Prepared

METADATA = MetaData()
TOKENS = Table(
    "tokens",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("words", String),
    Column("uses", Integer, nullable=False),
    Column("live", Boolean),
    Column("until", Instant, nullable=False),
    Column("used_at", Instant),
)
NOON = datetime(2026, 11, 28, 12, 0, 0, 123456, tzinfo=UTC)
HASH = bytes(range(256))[:32]

ADD = Prepared(insert(TOKENS), "hash", "words", "uses", "live", "until")
FIND = Prepared(select(TOKENS).where(TOKENS.c.hash == bindparam("presented")))
SPEND = Prepared(
    update(TOKENS)
    .where(
        TOKENS.c.hash == bindparam("presented"),
        TOKENS.c.used_at.is_(None),
        TOKENS.c.until > bindparam("now", type_=Instant),
    )
    .values(used_at=bindparam("now", type_=Instant), uses=TOKENS.c.uses + 1)
    .returning(TOKENS.c.uses, TOKENS.c.used_at.label("at"))
)
RENAME = Prepared(update(TOKENS).where(TOKENS.c.words == "旧").values(words=bindparam("new")))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    opened.write(METADATA.create_all)
    opened.write(lambda connection: ADD.run(connection, hash=HASH, words="旧", uses=0, live=True, until=NOON))
    yield opened
    opened.close()


def test_a_row_has_the_names_and_types_of_its_columns(database: Database) -> None:
    with database.read() as connection:
        found = FIND.first(connection, presented=HASH)
        expected = connection.execute(select(TOKENS)).one()
    assert found is not None
    assert found._asdict() == dict(expected._mapping)
    assert (found.hash, found.live, found.until, found.used_at) == (HASH, True, NOON, None)


def test_nothing_found_is_none(database: Database) -> None:
    with database.read() as connection:
        assert FIND.first(connection, presented=b"other") is None


def test_a_conditional_statement_says_whether_it_applied_and_what_it_returned(database: Database) -> None:
    now = NOON.replace(hour=11)
    first = database.write(lambda connection: SPEND.first(connection, presented=HASH, now=now))
    again = database.write(lambda connection: SPEND.first(connection, presented=HASH, now=now))
    assert first is not None
    assert (first.uses, first.at) == (1, now)
    assert again is None


def test_the_cursor_counts_the_rows_changed_and_literals_of_the_statement_stand(database: Database) -> None:
    assert database.write(lambda connection: RENAME.run(connection, new="新").rowcount) == 1
    assert database.write(lambda connection: RENAME.run(connection, new="新").rowcount) == 0


def test_a_naive_time_is_refused_as_through_sqlalchemy(database: Database) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        database.write(lambda connection: SPEND.first(connection, presented=HASH, now=naive))


def test_a_broken_constraint_is_sqlalchemys_error_without_the_values(database: Database) -> None:
    with pytest.raises(exc.IntegrityError) as raised:
        database.write(lambda connection: ADD.run(connection, hash=HASH, words="geheim", uses=0, live=True, until=NOON))
    assert "geheim" not in str(raised.value)
