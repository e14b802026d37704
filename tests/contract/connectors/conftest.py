"""One bench per adapter: the same records behind each, and the same ways to go wrong."""

from __future__ import annotations

import csv
import itertools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import openpyxl
import pytest
import sqlalchemy as sa
from openpyxl.cell import WriteOnlyCell
from sqlalchemy.dialects import mysql

from connectors import files, memory
from connectors.adapters import Adapter, Opening
from connectors.base import Query, Record
from connectors.errors import SourceUnavailable
from connectors.files.connector import FilesConnector, open_place
from connectors.files.folder import Folder
from connectors.files.place import Stamp, wanted
from connectors.files.settings import FileSettings
from connectors.kit.bench import COLUMNS, FIELDS, FLOOD, Bench, NoSuchState, Row, flood, source
from connectors.registry import STANDARD
from connectors.source import Source
from tests.doubles import directory, http_source, soap_source
from tests.doubles.directory import Directory, Listener
from tests.doubles.http_benches import HTTP_BENCHES
from tests.doubles.http_source import HttpSource
from tests.doubles.soap_source import SoapSource


def open_source(
    adapter: str,
    settings: Mapping[str, Any],
    limits: Mapping[str, int],
    root: Path,
    adapters: Mapping[str, Adapter] = STANDARD,
    **more: Any,
) -> Source:
    fields = more.pop("fields", FIELDS)
    return source(adapter, settings, fields, roots=[root], limits=dict(limits), adapters=adapters, **more)


LONG_TEXT = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")


class SqlBench:
    """Tables of a database; `endless` is a view that never ends, `hidden` a table without the column."""

    def __init__(self, url: str, endless: str, elsewhere: str, folder: Path) -> None:
        self._url, self._elsewhere, self._folder = url, elsewhere, folder
        self._numbers = itertools.count(1)
        self._hanging: list[Source] = []
        self._run(lambda connection: connection.execute(sa.text(endless)))

    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        name = f"People {next(self._numbers)}"
        table = sa.Table(name, sa.MetaData(), *(sa.Column(each, LONG_TEXT) for each in COLUMNS))
        self._run(lambda connection: table.create(connection))
        if rows:
            self._run(
                lambda connection: connection.execute(
                    table.insert(), [dict.fromkeys(COLUMNS, "") | {**row} for row in rows]
                )
            )
        return self._source(name, limits)

    def hanging(self, **limits: int) -> Source:
        self._hanging.append(self._source("endless", limits))
        return self._hanging[-1]

    def garbled(self, **limits: int) -> Source:
        name = f"other_{next(self._numbers)}"
        self._run(lambda connection: connection.execute(sa.text(f"CREATE TABLE {name} (id TEXT, surname TEXT)")))
        return self._source(name, limits)

    def down(self, **limits: int) -> Source:
        return self._source("people", limits, self._elsewhere)

    def flooding(self, **limits: int) -> Source:
        """In fewer rows than the limit of rows, so that each has to be cut."""
        return self.healthy(flood(3 << 20), **limits)

    def close(self) -> None:
        """Wait for statements that callers have left: the server ends them, and goes away itself soon."""
        patience = time.monotonic() + 10.0
        while any(each.in_flight for each in self._hanging) and time.monotonic() < patience:
            time.sleep(0.05)

    def _source(self, table: str, limits: Mapping[str, int], url: str = "") -> Source:
        settings = {"url": url or self._url, "table": table, "subject_column": "id"}
        return open_source("sql", settings, limits, self._folder)

    def _run(self, work: Callable[[sa.Connection], object]) -> None:
        engine = sa.create_engine(self._url)
        with engine.begin() as connection:
            work(connection)
        engine.dispose()


class RestBench:
    """A service on loopback, asked by GET or by POST."""

    def __init__(self, settings: Mapping[str, Any], server: HttpSource, folder: Path) -> None:
        self._settings, self._server, self._folder = settings, server, folder

    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        self._server.records = {}
        for row in rows:
            self._server.records.setdefault(row["id"], []).append(dict.fromkeys(COLUMNS, "") | {**row})
        return self._source(http_source.by_subject, limits)

    def hanging(self, **limits: int) -> Source:
        return self._source(http_source.hang, limits)

    def garbled(self, **limits: int) -> Source:
        return self._source(http_source.saying(b"<html>Welcome to db.internal</html>"), limits)

    def down(self, **limits: int) -> Source:
        return self._source(http_source.saying(b"db.internal is down", 503), limits)

    def flooding(self, **limits: int) -> Source:
        return self._source(http_source.flooding(FLOOD), limits)

    def _source(self, behaviour: http_source.Behaviour, limits: Mapping[str, int]) -> Source:
        self._server.behaviour = behaviour
        settings = {**self._settings, "url": self._server.url + self._settings["url"]}
        return open_source("rest", settings, limits, self._folder)


class StuckFolder(Folder):
    """A folder on a file server that went away: asking what lies there hangs, or only reading a file does."""

    def __init__(self, settings: FileSettings, opening: Opening, hangs_at: str, released: threading.Event) -> None:
        super().__init__(settings.folder, wanted(settings), opening.roots)
        self._hangs_at, self._released = hangs_at, released

    def listing(self) -> Sequence[Stamp]:
        if self._hangs_at == "listing":
            self._hang()
        return super().listing()

    @contextmanager
    def open(self, stamp: Stamp) -> Iterator[BinaryIO]:
        self._hang()
        with super().open(stamp) as file:
            yield file

    def _hang(self) -> None:
        self._released.wait(20)
        raise SourceUnavailable("folder")  # nobody waits any more, and the folder may be gone


class FileBench:
    """A folder with one file in some format."""

    def __init__(self, settings: Mapping[str, Any], folder: Path, hangs_at: str = "reading") -> None:
        self._settings, self._folder, self._hangs_at = settings, folder, hangs_at
        self._numbers = itertools.count(1)
        self._released = threading.Event()

    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        folder = self._new_folder()
        self._write(folder, [COLUMNS, *([row.get(name, "") for name in COLUMNS] for row in rows)])
        return self._source(folder, limits)

    def hanging(self, **limits: int) -> Source:
        folder = self._new_folder()
        self._write(folder, [COLUMNS, ("B1", "乙", "20200202", "")])

        def opened(settings: FileSettings, opening: Opening) -> FilesConnector:
            return open_place(StuckFolder(settings, opening, self._hangs_at, self._released), settings, opening)

        return self._source(folder, limits, {**STANDARD, "files": Adapter(files.ADAPTER.parse, opened)})

    def garbled(self, **limits: int) -> Source:
        folder = self._new_folder()
        (folder / f"people.{self._settings['format']}").write_bytes(b"\x00\xff\xfe\x80 people of db.internal \x81")
        return self._source(folder, limits)

    def down(self, **limits: int) -> Source:
        return self._source(self._new_folder(), limits)

    def flooding(self, **limits: int) -> Source:
        """In cells that every format can hold. A workbook and a Parquet file are compressed."""
        return self.healthy(flood(30_000), **limits)

    def close(self) -> None:
        """Let go of what hangs."""
        self._released.set()

    def _new_folder(self) -> Path:
        folder = self._folder / f"drop-{next(self._numbers)}"
        folder.mkdir()
        return folder

    def _write(self, folder: Path, rows: Sequence[Sequence[str]]) -> None:
        if self._settings["format"] == "xlsx":
            workbook = openpyxl.Workbook(write_only=True)
            sheet = workbook.create_sheet("people")
            for row in rows:
                sheet.append([self._as_text(sheet, cell) for cell in row])
            workbook.save(folder / "people.xlsx")
        else:
            with (folder / "people.csv").open("w", encoding=self._settings["encoding"], newline="") as file:
                csv.writer(file).writerows(rows)

    @staticmethod
    def _as_text(sheet: Any, value: str) -> WriteOnlyCell:
        """A cell of text, also where the library would take it for a formula (“=…”) or an error (“#N/A”)."""
        cell = WriteOnlyCell(sheet, value=value)
        cell.data_type = "s"
        return cell

    def _source(self, folder: Path, limits: Mapping[str, int], adapters: Mapping[str, Adapter] = STANDARD) -> Source:
        settings = {"folder": str(folder), "pattern": "people.*", "subject_column": "id", **self._settings}
        return open_source("files", settings, limits, self._folder, adapters)


class LdapBench:
    """Branches of a real directory; what hangs or babbles is a socket that pretends to be one."""

    ATTRIBUTES: Mapping[str, str] = {
        "id": "employeeNumber",
        "full name": "displayName",
        "born": "carLicense",
        "note": "description",
    }

    def __init__(self, server: Directory, folder: Path) -> None:
        self._server, self._folder = server, folder
        self.hangs, self.babbles = Listener(directory.hang), Listener(directory.saying(b"<html>db.internal</html>"))

    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        people = [{self.ATTRIBUTES[name]: value for name, value in row.items() if value} for row in rows]
        return self._source(self._server.url, limits, self._server.branch(people))

    def hanging(self, **limits: int) -> Source:
        return self._source(self.hangs.url, limits)

    def garbled(self, **limits: int) -> Source:
        return self._source(self.babbles.url, limits)

    def down(self, **limits: int) -> Source:
        return self._source("ldap://127.0.0.1:9", limits)

    def flooding(self, **limits: int) -> Source:
        return self.healthy(flood(3 << 20), **limits)

    def close(self) -> None:
        self.hangs.__exit__()
        self.babbles.__exit__()

    def _source(self, url: str, limits: Mapping[str, int], base: str = "ou=people,dc=demo") -> Source:
        fields = {name: {**rule, "column": self.ATTRIBUTES[rule["column"]]} for name, rule in FIELDS.items()}
        settings = {"url": url, "base": base, "subject_attribute": "employeeNumber"}
        bind = {"bind": {"dn": directory.READER, "secret": "directory"}}
        secrets = {"directory": directory.READER_PASSWORD}
        return open_source("ldap", {**settings, **bind}, limits, self._folder, fields=fields, secrets=secrets)


class SoapBench:
    """A service described by a WSDL, which lies in a folder (SOAP 1.1) or is fetched (SOAP 1.2)."""

    NAMES: Mapping[str, str] = {"full name": "fullName"}

    def __init__(self, server: SoapSource, folder: Path, *, version: str) -> None:
        self._server, self._folder, self._version = server, folder, version
        description = soap_source.wsdl(server.url + "/people")
        (folder / "people.wsdl").write_bytes(description)
        server.documents["/people?wsdl"] = description

    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        self._server.records = {}
        for row in rows:
            named = {self.NAMES.get(name, name): value for name, value in row.items()}
            self._server.records.setdefault(row["id"], []).append(named)
        return self._source(soap_source.by_subject, limits)

    def hanging(self, **limits: int) -> Source:
        return self._source(http_source.hang, limits)

    def garbled(self, **limits: int) -> Source:
        return self._source(http_source.saying(b"<html>Welcome to db.internal</html>"), limits)

    def down(self, **limits: int) -> Source:
        return self._source(soap_source.faulting("Server" if self._version == "1.1" else "Receiver"), limits)

    def flooding(self, **limits: int) -> Source:
        return self._source(http_source.flooding(FLOOD), limits)

    def _source(self, behaviour: http_source.Behaviour, limits: Mapping[str, int]) -> Source:
        self._server.behaviour = behaviour
        fields = {
            name: {**rule, "column": self.NAMES.get(rule["column"], rule["column"])} for name, rule in FIELDS.items()
        }
        described = {"wsdl": "people.wsdl" if self._version == "1.1" else self._server.url + "/people?wsdl"}
        asked = {"operation": "FindPeople", "parameters": {"id": "{subject}"}, "records": "person"}
        asked = {**asked, "version": self._version}
        return open_source("soap", {**described, **asked}, limits, self._folder, fields=fields)


class _Misbehaving:
    """An adapter as a third party might write it: it hangs, or throws whatever its driver throws."""

    kind = "misbehaving"
    keeps_deadline = False

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work

    def fetch(self, query: Query) -> tuple[Record, ...]:
        self._work()
        return (Record({"full name": {"nested": query.subject.value}, "born": None, "note": None}),)

    def close(self) -> None: ...


class MemoryBench:
    """Records in memory, and adapters that misbehave."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._released = threading.Event()

    def healthy(self, rows: Sequence[Row], **limits: int) -> Source:
        records = [dict.fromkeys(COLUMNS, "") | {**row} for row in rows]
        return self._source({"subject_column": "id", "records": records}, limits, memory.ADAPTER)

    def hanging(self, **limits: int) -> Source:
        return self._misbehaving(lambda: self._released.wait(20), limits)

    def garbled(self, **limits: int) -> Source:
        return self._misbehaving(lambda: None, limits)

    def down(self, **limits: int) -> Source:
        def fail() -> None:
            raise ConnectionError("db.internal:5432 refused tongban_reader asking for B1 in table people")

        return self._misbehaving(fail, limits)

    def flooding(self, **limits: int) -> Source:
        raise NoSuchState("what it answers lies in memory before anybody asks")

    def close(self) -> None:
        self._released.set()

    def _misbehaving(self, work: Callable[[], object], limits: Mapping[str, int]) -> Source:
        def opened(_: object, __: Opening) -> _Misbehaving:
            return _Misbehaving(work)

        return self._source({"subject_column": "id", "records": []}, limits, Adapter(memory.ADAPTER.parse, opened, {}))

    def _source(self, settings: Mapping[str, Any], limits: Mapping[str, int], adapter: Adapter) -> Source:
        return open_source("memory", settings, limits, self._folder, {"memory": adapter})


class Closable(Bench, Protocol):
    """A bench of which something may hang."""

    def close(self) -> None: ...


def closed(bench: Closable) -> Iterator[Bench]:
    """The bench, which then lets go of what hangs."""
    yield bench
    bench.close()


ENDLESS_SQLITE = """CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT CAST(i AS TEXT) AS id, '' AS "full name", '' AS born, '' AS note FROM n WHERE i < 0"""
ENDLESS_POSTGRESQL = """CREATE VIEW endless AS SELECT 'B1'::text AS id, ''::text AS "full name", ''::text AS born,
    pg_sleep(20)::text AS note"""

FILES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "csv-gb18030": ({"format": "csv", "encoding": "gb18030"}, "listing"),
    "csv-utf-8": ({"format": "csv", "encoding": "utf-8"}, "reading"),
    "xlsx": ({"format": "xlsx"}, "reading"),
}
REST_QUERY = {"url": "/search", "query": {"id": "{subject}"}, "records": "data"}
REST_PATH = {"url": "/people/{subject}", "records": "data"}
REST_BODY = {"url": "/search", "body": {"id": "{subject}"}, "records": "data"}

ADAPTERS = (
    "sqlite",
    "postgresql",
    "rest-query",
    "rest-path",
    "rest-body",
    *FILES,
    "soap-1.1",
    "soap-1.2",
    *(["ldap"] if directory.installed() else []),
    "memory",
    *HTTP_BENCHES,
)


@pytest.fixture(scope="module", params=ADAPTERS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench of each adapter in turn."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        sqlite3.connect(folder / "people.sqlite3").close()
        url = f"sqlite:///{folder / 'people.sqlite3'}"
        yield from closed(SqlBench(url, ENDLESS_SQLITE, f"sqlite:///{folder / 'none.sqlite3'}", folder))
    elif request.param == "postgresql":
        url = request.getfixturevalue("make_postgresql_database")()
        elsewhere = "postgresql+psycopg://tongban_reader:secret@127.0.0.1:9/people"
        yield from closed(SqlBench(url, ENDLESS_POSTGRESQL, elsewhere, folder))
    elif request.param in HTTP_BENCHES:
        with HTTP_BENCHES[request.param](folder) as http_bench:
            yield http_bench
    elif request.param.startswith("rest"):
        settings = {"rest-query": REST_QUERY, "rest-path": REST_PATH, "rest-body": REST_BODY}[request.param]
        with HttpSource() as server:
            yield RestBench(settings, server, folder)
    elif request.param.startswith("soap"):
        with SoapSource() as soap_server:
            yield SoapBench(soap_server, folder, version=request.param.removeprefix("soap-"))
    elif request.param == "ldap":
        yield from closed(LdapBench(request.getfixturevalue("directory_server"), folder))
    elif request.param == "memory":
        yield from closed(MemoryBench(folder))
    else:
        settings, hangs_at = FILES[request.param]
        yield from closed(FileBench(settings, folder, hangs_at))
