"""Searching the catalogue: two-character words, English beginnings, width and case, pages, filters, hostile input."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from exchange.app import PACKAGE
from exchange.catalogue import indexing, words
from exchange.catalogue.words import normal, terms
from exchange.store import catalogue, catalogue_search
from exchange.store.catalogue_search import Filters
from exchange.store.tables import catalogue_entry, catalogue_object, catalogue_word
from kernel import canonical, migrations
from kernel.database import Database
from tests.doubles.exchange import IDENTITY_CARD, MARKET, NOW, POLICE, STAFF_LIST, World, organisation


def evidence_type(code: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    spec = {**IDENTITY_CARD["spec"], "name": {"zh": zh, "en": en}, **more}
    return {"kind": "EvidenceType", "metadata": {"name": code}, "spec": spec}


TYPES = [
    evidence_type("household-register", "居民户口簿", "Household register"),
    evidence_type("household-move", "户口迁移证明书", "Certificate of a household's move"),
    evidence_type("no-home", "无房证明", "Certificate of no home", share_type="unconditional"),
    evidence_type("wide", "ＡＢＣ测试目录", "ＦＵＬＬ width", provider=MARKET),
    evidence_type("quoted", "百分%号_下划线'引号\"", "100% of 'it' \\ _"),
]


def codes(world: World, question: str, **more: str) -> list[str]:
    answer = world.client.get("/v1/catalogue/evidence-types", query_string={"q": question, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json["total"] == len(answer.json["items"])
    return [one["code"] for one in answer.json["items"]]


def test_words_of_both_scripts_are_found_in_the_order_of_fit(world: World) -> None:
    world.apply(*TYPES)
    world.rooms.policy.renew()
    assert codes(world, "户口") == ["household-register", "household-move"]  # the shorter name first
    assert codes(world, "证明") == ["no-home", "household-move"]
    assert codes(world, "簿") == ["household-register"]
    assert codes(world, "迁") == ["household-move"]
    assert codes(world, "HOUSE") == codes(world, "house") == ["household-register", "household-move"]
    assert codes(world, "certificate household") == ["household-move"]
    assert codes(world, "hold") == []
    assert codes(world, "abc") == codes(world, "ＡＢＣ") == codes(world, "full") == ["wide"]
    assert set(codes(world, "住址")) >= {"household-register", "identity-card"}  # an item's label
    assert codes(world, "口居") == codes(world, "户簿") == codes(world, "火箭") == []
    assert codes(world, "户口迁移证明书") == ["household-move"]


def test_filters_and_pages_cut_what_was_found(world: World) -> None:
    world.apply(*TYPES)
    world.rooms.policy.renew()
    assert codes(world, "证明", share_type="unconditional") == ["no-home"]
    assert codes(world, "测试", organisation=MARKET) == ["wide"]
    assert codes(world, "测试", organisation=POLICE) == []
    assert codes(world, "", organisation=MARKET) == ["wide"]
    assert codes(world, "", share_type="unconditional") == ["no-home"]
    get = world.client.get
    whole = get("/v1/catalogue/evidence-types?q=address").json
    seen: list[str] = []
    after = ""
    while after is not None:
        page = get("/v1/catalogue/evidence-types", query_string={"q": "address", "limit": 2, "after": after}).json
        assert page["total"] == whole["total"] == 6
        seen += [one["code"] for one in page["items"]]
        after = page["next"]
    assert seen == [one["code"] for one in whole["items"]]


def test_what_is_published_again_is_found_by_its_new_words_alone(world: World) -> None:
    world.apply(organisation(POLICE, "治安总队"))
    world.rooms.policy.renew()
    find = world.client.get
    assert find("/v1/catalogue/organisations", query_string={"q": "公安"}).json["total"] == 0
    assert find("/v1/catalogue/organisations", query_string={"q": "治安"}).json["items"][0]["code"] == POLICE
    assert find("/v1/catalogue/organisations", query_string={"q": POLICE.lower()}).json["total"] == 1


@pytest.mark.parametrize(
    "question",
    [
        *("%", "_", "'; DROP TABLE catalogue_word; --", '"', "\\", "(" * 100, "*", "🦊", "\U0010ffff", "a" * 900),
        *("一二三四五六七八九十" * 20, " ".join(f"w{n}" for n in range(60)), "\u202e户口"),
    ],
)
def test_a_hostile_question_finds_nothing_and_breaks_nothing(small_world: World, question: str) -> None:
    answer = small_world.client.get("/v1/catalogue/evidence-types", query_string={"q": question})
    assert answer.status_code == 200
    assert (answer.json["total"], answer.json["items"]) == (0, [])
    assert small_world.client.get("/v1/catalogue/evidence-types?q=staff").json["total"] == 1


def test_a_blank_question_is_none(small_world: World) -> None:
    whole = small_world.client.get("/v1/catalogue/evidence-types")
    for blank in ("\r\n", " ", ""):
        answer = small_world.client.get("/v1/catalogue/evidence-types", query_string={"q": blank})
        assert (answer.status_code, answer.json) == (200, whole.json)


def test_percent_and_underscore_mean_themselves(small_world: World) -> None:
    small_world.apply(*TYPES)
    small_world.rooms.policy.renew()
    assert codes(small_world, "100% of") == ["quoted"]
    assert codes(small_world, "百分%号") == ["quoted"]


@pytest.mark.parametrize(
    "asked", ["after=x", "after=1", "after=1.2.3", "after=-1.2", "after=99999999999.1", "share_type=all"]
)
def test_a_page_or_filter_that_cannot_be_is_refused(small_world: World, asked: str) -> None:
    answer = small_world.client.get(f"/v1/catalogue/evidence-types?q=staff&{asked}")
    assert (answer.status_code, answer.json["code"]) == (422, "request.invalid")


def test_a_catalogue_from_before_is_made_searchable_by_the_migration(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(catalogue.__file__).parent / "migrations"
    for first in own.glob("0001_*.py"):
        shutil.copy(first, tmp_path)
    with monkeypatch.context() as before:
        before.setattr(migrations, "_folder", lambda _package: tmp_path)
        migrations.upgrade(database_url, PACKAGE)
    database = Database.open(database_url)
    row = {"kind": "EvidenceType", "name": "staff-list", "document": canonical.encode(STAFF_LIST).decode()}
    database.write(lambda connection: connection.execute(insert(catalogue_object).values(**row, changed_at=NOW)))
    migrations.upgrade(database_url, PACKAGE)
    with database.read() as connection:
        page = catalogue_search.find(connection, "EvidenceType", terms("用工"), Filters(), None, 5)
    assert page.names == ("staff-list",)
    database.close()


# A law: what is found is what a reader with much time would find ------------------------------------------------------

_ALPHABET = st.sampled_from("户口证明abＡ1 、_(")
_TEXTS = st.text(_ALPHABET, min_size=1, max_size=12)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('search') / 'search.sqlite3'}"
    else:
        url = request.getfixturevalue("make_postgresql_database")()
    migrations.upgrade(url, PACKAGE)
    database = Database.open(url)
    yield database
    database.close()


def by_hand(question: str, text: str) -> bool:
    """Every run of Chinese characters stands in the text; every other word begins one of its words."""
    asked, held = normal(question), normal(text)
    runs = re.findall(r"[户口证明]+", asked)
    others = re.findall(r"[ab1]+", asked)
    begun = re.findall(r"[ab1]+", held)
    found = [run in held for run in runs] + [any(word.startswith(each) for word in begun) for each in others]
    return all(found[: words.MOST_TERMS])


@settings(max_examples=150)
@given(names=st.lists(_TEXTS, min_size=1, max_size=6), question=_TEXTS)
@example(names=["户口 口证", "户口证"], question="户口证")
@example(names=["证户口、口明证", "明"], question="证明 户口")
def test_found_is_what_holds_every_term(shelf: Database, names: list[str], question: str) -> None:
    if not terms(question):
        return
    entries = [
        indexing.Searchable(
            "Organisation", f"entry {place}", "x", "", normal(name), dict.fromkeys(words.words(name), 1)
        )
        for place, name in enumerate(names)
    ]

    def swap(connection: Any) -> None:
        connection.execute(delete(catalogue_word))
        connection.execute(delete(catalogue_entry))
        catalogue_search.put(connection, entries)

    shelf.write(swap)
    with shelf.read() as connection:
        page = catalogue_search.find(connection, "Organisation", terms(question), Filters(), None, 50)
    assert set(page.names) == {f"entry {place}" for place, name in enumerate(names) if by_hand(question, name)}
    assert page.total == len(page.names)


def test_every_published_manifest_of_the_small_world_is_indexed(small_world: World) -> None:
    with small_world.outside.database.read() as connection:
        documents = catalogue.read_all(connection).values()
        names = {(row.kind, row.name) for row in connection.execute(catalogue_entry.select())}
    assert names == {(one.kind, one.name) for one in map(indexing.searchable, documents) if one is not None}
