"""What a look-up of consents reads: on PostgreSQL never the whole table, which grows with every person asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, create_engine, text

from exchange.store import consents
from exchange.store.consents import Artefact, Frequency, Reader, Stage, Terms
from exchange.store.tables import METADATA, case_relation, consent
from tests.doubles.exchange import ITEM, NOW

MANY = 5_000
PERSON, WARD, COMPANY = b"p" * 32, b"w" * 32, b"c" * 32


def asked(name: str, subject: bytes, *, guarded: bool = False, item: str = ITEM) -> Artefact:
    until = NOW + timedelta(days=9)
    terms = Terms("org", item, f"case_{name}", "b", "card", ("name",), (), Frequency.ONCE, 1, NOW, until, bound=False)
    return Artefact(f"cons_{name}", subject, "system", terms, NOW, until, guarded=guarded)


@pytest.fixture(scope="module")
def filled(postgresql_server: str, make_postgresql_database: Callable[[], str]) -> Iterator[Connection]:
    """Consents of many strangers, each in a case of its own; and of one person, their ward and a company."""
    engine = create_engine(make_postgresql_database())
    strangers = ", ".join(
        {"id": "'cons_s' || g", "case_id": "'case_s' || g", "subject": "sha256(g::text::bytea)"}.get(name, name)
        for name in (column.name for column in consent.columns)
    )
    with engine.begin() as connection:
        METADATA.create_all(connection, tables=[consent, case_relation])
        consents.add(connection, asked("0", b"s" * 32))
        connection.execute(text(f"INSERT INTO consent SELECT {strangers} FROM consent, generate_series(1, {MANY}) g"))
        for one in (
            asked("1", PERSON),
            asked("2", WARD, guarded=True),
            asked("3", COMPANY),
            asked("4", COMPANY, item="another"),
            asked("5", PERSON),
            asked("6", WARD, guarded=True),
        ):
            consents.add(connection, one)
        for name, relation in (("2", "child"), ("6", "child"), ("6", "ward")):
            row = {"case_id": f"case_{name}", "subject": WARD, "relation": relation, "proved_by": PERSON}
            connection.execute(case_relation.insert().values(row | {"request_id": "er", "item": 0}))
        connection.execute(text("ANALYZE"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def names(found: list[Artefact]) -> str:
    return "".join(one.id.removeprefix("cons_") for one in found)


def rows_read(connection: Connection) -> int:
    counted = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'consent'"
    return connection.scalar(text(counted)) or 0


@pytest.mark.parametrize(
    ("reader", "theirs"),
    [
        (Reader(PERSON), "6521"),
        (Reader(PERSON, COMPANY), "654321"),
        (Reader(PERSON, COMPANY, frozenset({ITEM})), "65321"),
        (Reader(b"x" * 32), ""),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 9])
def test_everything_that_somebody_sees_page_by_page(
    filled: Connection, reader: Reader, theirs: str, limit: int
) -> None:
    seen, before = "", None
    earlier = rows_read(filled)
    while page := consents.seen_by(filled, reader, NOW, before, limit):
        seen, before = seen + names(page), page[-1].id
    assert seen == theirs
    assert rows_read(filled) - earlier < 150


@pytest.mark.parametrize("organisation", [None, "org"])
@pytest.mark.parametrize("stage", [None, Stage.WAITING])
def test_an_officer_finds_what_was_asked_in_one_case(
    filled: Connection, organisation: str | None, stage: Stage | None
) -> None:
    earlier = rows_read(filled)
    found = consents.of_organisation(filled, organisation, stage, "case_2", NOW, before="", limit=51)
    assert names(found) == "2"
    assert rows_read(filled) - earlier < 10
