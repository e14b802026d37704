"""Further questions (ADR 0059), by every kind of connector that can be asked with more than a subject.

Behind each lie two records of one subject; what tells them apart is what the person is asked. An answer is a bound
value: no character of it changes what is asked, and no answer leads to anybody else's record (attack cases K1, K4).
"""

from __future__ import annotations

import csv
import itertools
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from connectors.base import Query
from connectors.errors import AmbiguousSubject, SourceNeedsAnswers, SourceProblem
from connectors.kit.bench import COLUMNS, Row
from connectors.kit.laws import INJECTIONS
from connectors.source import Outcome, Source
from kernel.identifiers.subject import SubjectRef
from tests.contract.connectors.conftest import ADAPTERS, LdapBench, SoapBench, open_source
from tests.doubles import directory, http_source, mariadb_server, soap_source
from tests.doubles.http_source import Handler, HttpSource
from tests.doubles.signed_documents import AUDIENCE, Signer
from tests.doubles.soap_source import SoapSource

ROWS: tuple[Row, ...] = (
    {"id": "A1", "full name": "张三", "born": "20260102", "note": "东区"},
    {"id": "A1", "full name": "张另", "born": "20260103", "note": "西区"},
    {"id": "B1", "full name": "李四", "born": "20260104", "note": "西区"},
    {"id": "D1", "full name": "王五", "born": "20260105", "note": "西区"},
    {"id": "D1", "full name": "王另", "born": "20260106", "note": "西区"},
)
PLACE, BORN = "{district}", "{born}"
QUESTION = {
    "name": "district",
    "label": {"zh": "登记地", "en": "District"},
    "type": "text",
    "example": "东区",
}
OPTIONAL = {
    "name": "born",
    "label": {"zh": "出生日期", "en": "Day of birth"},
    "type": "date",
    "written": "yyyyMMdd",
    "optional": True,
}
AMBIGUOUS = {"further": {"when": ["ambiguous"], "questions": [QUESTION, OPTIONAL]}}
ALWAYS = {"further": {"when": ["always"], "questions": [QUESTION, OPTIONAL]}}
IN_FULL = {"further": {"when": ["always"], "questions": [QUESTION]}}
Make = Callable[[Mapping[str, Any]], Source]
"""From the further part of the manifest's spec to a source over `ROWS`."""


def sql_table(url: str, folder: Path) -> Make:
    settings = {"url": url, "table": filled(url), "subject_column": "id", "where": {"note": PLACE, "born": BORN}}
    return lambda more: open_source("sql", settings, {}, folder, **more)


def sql_statement(url: str, folder: Path) -> Make:
    quoted = f"`{filled(url)}`" if url.startswith("mysql") else f'"{filled(url)}"'
    settings = {
        "url": url,
        "statement": f"SELECT * FROM {quoted} AS t WHERE t.id = :subject AND (t.note = :told OR :told IS NULL)"
        " AND (t.born = :born OR :born IS NULL)",
        "parameters": {"told": PLACE, "born": BORN},
        "subject_column": "id",
    }
    return lambda more: open_source("sql", settings, {}, folder, **more)


_TABLES = itertools.count(1)


def filled(url: str) -> str:
    """A new table with the rows."""
    table = sa.Table(f"further_{next(_TABLES)}", sa.MetaData(), *(sa.Column(name, sa.String(100)) for name in COLUMNS))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [*map(dict, ROWS)])
    engine.dispose()
    return table.name


def csv_files(folder: Path) -> Make:
    with (folder / "people.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *([row[name] for name in COLUMNS] for row in ROWS)])
    settings = {
        "folder": str(folder),
        "pattern": "*.csv",
        "format": "csv",
        "encoding": "gb18030",
        "subject_column": "id",
        "where": {"note": PLACE, "born": BORN},
    }
    return lambda more: open_source("files", settings, {}, folder, **more)


def memory_records(folder: Path) -> Make:
    from connectors import memory

    settings = {"subject_column": "id", "records": [*map(dict, ROWS)], "where": {"note": PLACE, "born": BORN}}
    return lambda more: open_source("memory", settings, {}, folder, {"memory": memory.ADAPTER}, **more)


def told_of(handler: Handler, name: str) -> str | None:
    """What the request says of one question: in its address, its header, its JSON, its XML. None where nothing does."""
    _, path, headers, body = handler.server.seen[-1]
    named = parse_qs(urlsplit(path).query, keep_blank_values=True).get(name)
    if named:
        return named[0]
    if f"X-{name.title()}" in headers:
        return str(headers[f"X-{name.title()}"]).encode("latin-1").decode()
    if body.startswith(b"{"):
        told = json.loads(body).get("where", {})
        return str(told[name]) if name in told else None
    return ElementTree.fromstring(body).findtext(f"{{urn:people}}{name}") if body else None


def fits(row: Mapping[str, str], district: str | None, born: str | None) -> bool:
    return district in (None, row["note"]) and born in (None, row["born"])


def narrowed(inner: http_source.Behaviour) -> http_source.Behaviour:
    """A service that heeds the district and the day of birth where it is told them."""

    def behave(handler: Handler) -> None:
        server, told = handler.server, (told_of(handler, "district"), told_of(handler, "born"))
        kept = {who: [one for one in rows if fits(one, *told)] for who, rows in server.records.items()}
        narrow: Any = SimpleNamespace(records={who: rows for who, rows in kept.items() if rows})
        handler.server = narrow  # of this connection alone
        try:
            inner(handler)
        finally:
            handler.server = server

    return behave


def by_subject() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for row in ROWS:
        found.setdefault(row["id"], []).append(dict(row))
    return found


def rest(settings: Mapping[str, Any], server: HttpSource, folder: Path, answers: Any = http_source.by_subject) -> Make:
    server.records, server.behaviour = by_subject(), narrowed(answers)
    whole = {"records": "data", **settings, "url": server.url + settings["url"]}
    return lambda more: open_source("rest", whole, {}, folder, **more)


REST = {
    "rest-query": {"url": "/search", "query": {"id": "{subject}", "district": PLACE, "born": BORN}},
    "rest-header": {"url": "/people/{subject}", "headers": {"X-District": PLACE, "X-Born": BORN}},
    "rest-body": {"url": "/search", "body": {"id": "{subject}", "where": {"district": PLACE, "born": BORN, "k": "1"}}},
}
REST_XML = {
    "url": "/search",
    "body": '<q xmlns="urn:people"><id>{subject}</id><district>{district}</district></q>',
    "records": "/p:people/p:person",
    "xml": {
        "namespaces": {"p": "urn:people"},
        "columns": {name: f"p:field[@name = '{name}']" for name in COLUMNS},
    },
}


def jws_documents(server: HttpSource, folder: Path) -> Make:
    signer = Signer()
    server.records, server.behaviour = by_subject(), narrowed(signer.by_subject)
    settings = {
        "url": server.url + "/search",
        "body": {"id": "{subject}", "where": {"district": PLACE, "born": BORN}},
        "documents": "documents",
        "records": "record",
        "audience": AUDIENCE,
        "trust": [signer.trusted()],
    }
    return lambda more: open_source("jws", settings, {}, folder, **more)


class Soap(SoapBench):
    """The service's own operation has optional elements beside the subject."""

    def make(self, more: Mapping[str, Any]) -> Source:
        records: dict[str, list[dict[str, str]]] = {}
        for row in ROWS:
            records.setdefault(row["id"], []).append({self.NAMES.get(name, name): value for name, value in row.items()})
        self._server.records, self._server.behaviour = records, self._heeds
        fields = {
            "name": {"column": "fullName", "required": True},
            "note": {"column": "note"},
        }
        settings = {
            "wsdl": "people.wsdl",
            "operation": "FindPeople",
            "parameters": {"id": "{subject}", "reason": PLACE, "born": BORN},
            "records": "person",
        }
        return open_source("soap", settings, {}, self._folder, fields=fields, **more)

    @staticmethod
    def _heeds(handler: Any) -> None:
        asked = ElementTree.fromstring(handler.request_xml)
        told = [asked.findtext(f".//{{{soap_source.PEOPLE}}}{name}") for name in ("reason", "born")]
        rows = [one for one in handler.server.records.get(handler.subject, ()) if fits(one, *told)]
        handler.answer(soap_source.envelope(handler.soap, soap_source.found(rows)))


class Ldap(LdapBench):
    """A branch in which two entries have one number."""

    def make(self, more: Mapping[str, Any]) -> Source:
        people = [{self.ATTRIBUTES[name]: value for name, value in row.items()} for row in ROWS]
        fields = {"name": {"column": "displayName", "required": True}, "note": {"column": "description"}}
        settings = {
            "url": self._server.url,
            "base": self._server.branch(people),
            "subject_attribute": "employeeNumber",
            "filter": "(objectClass=inetOrgPerson)",
            "further_filter": [f"(description={PLACE})", f"({self.ATTRIBUTES['born']}={BORN})"],
            "bind": {"dn": directory.READER, "secret": "directory"},
        }
        secrets = {"directory": directory.READER_PASSWORD}
        return open_source("ldap", settings, {}, self._folder, fields=fields, secrets=secrets, **more)


KINDS = (
    *(f"{kind}-{database}" for kind in ("table", "statement") for database in ("sqlite", "postgresql", "mariadb")),
    *REST,
    "jws",
    "soap",
    *(["ldap"] if "ldap" in ADAPTERS else []),
    "files",
    "memory",
)


@pytest.fixture(scope="module", params=KINDS)
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """The rows behind each kind of source in turn."""
    folder, kind = tmp_path_factory.mktemp(request.param), request.param
    with ExitStack() as stack:
        if kind.startswith(("table", "statement")):
            way, _, database = kind.partition("-")
            yield (sql_table if way == "table" else sql_statement)(_database(database, folder, request), folder)
        elif kind in REST:
            yield rest(REST[kind], stack.enter_context(HttpSource()), folder)
        elif kind == "jws":
            yield jws_documents(stack.enter_context(HttpSource()), folder)
        elif kind == "soap":
            yield Soap(stack.enter_context(SoapSource()), folder, version="1.1").make
        elif kind == "ldap":
            bench = Ldap(request.getfixturevalue("directory_server"), folder)
            stack.callback(bench.close)
            yield bench.make
        else:
            yield csv_files(folder) if kind == "files" else memory_records(folder)


def _database(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    if kind == "sqlite":
        sqlite3.connect(folder / "people.sqlite3").close()
        return f"sqlite:///{folder / 'people.sqlite3'}"
    if kind == "postgresql":
        return str(request.getfixturevalue("make_postgresql_database")())
    if not Path(mariadb_server.PROGRAM).exists():
        pytest.skip(mariadb_server.MISSING)
    return str(request.getfixturevalue("mariadb_server").database())


def asked(source: Source, subject: str, told: str | None = None, **more: str) -> str:
    """The name found; "" for none."""
    query = Query(SubjectRef("citizen-number", subject), {} if told is None else {"district": told, **more})
    found = source.retrieve(query)
    return str(found.values["name"]) if found.outcome is Outcome.FOUND else ""


def test_one_source_is_asked_without_the_answer_and_with_it(make: Make) -> None:
    with make(AMBIGUOUS) as source:
        with pytest.raises(AmbiguousSubject):
            asked(source, "A1")
        assert (asked(source, "A1", "东区"), asked(source, "A1", "西区")) == ("张三", "张另")
        assert (asked(source, "A1", "南区"), asked(source, "C1"), asked(source, "C1", "东区")) == ("", "", "")
        assert (asked(source, "B1"), asked(source, "B1", "西区"), asked(source, "B1", "东区")) == ("李四", "李四", "")
        assert source.probe() is Outcome.NOT_FOUND


def test_an_optional_answer_counts_where_it_is_given_and_is_left_out_where_it_is_not(make: Make) -> None:
    with make(ALWAYS) as source:
        with pytest.raises(AmbiguousSubject):
            asked(source, "D1", "西区")
        assert (asked(source, "D1", "西区", born="20260106"), asked(source, "D1", "西区", born="20260107")) == (
            "王另",
            "",
        )
        assert (asked(source, "D1", "东区", born="20260106"), asked(source, "A1", "东区")) == ("", "张三")


def test_an_answer_is_a_value_and_nothing_else(make: Make) -> None:
    """K1, K4: whatever is answered, nobody else's record comes and nothing is found that was not told."""
    with make(AMBIGUOUS) as source:
        for told in (*INJECTIONS, "西区' OR note='东区", "西区)(note=东区", "西区|东区", "' OR ''='", "西区&id=B1"):
            with suppress(SourceProblem):
                assert asked(source, "A1", told) == ""
        assert asked(source, "A1", "西区") == "张另"


def test_a_source_that_always_asks_is_asked_with_the_answer_alone(make: Make) -> None:
    with make(ALWAYS) as source:
        with pytest.raises(SourceNeedsAnswers):
            asked(source, "A1")
        assert asked(source, "A1", "西区") == "张另"
        assert source.probe() is Outcome.NOT_FOUND


def test_what_somebody_answered_is_remembered_by_no_cache(tmp_path: Path) -> None:
    from datetime import timedelta

    with memory_records(tmp_path)({**AMBIGUOUS, "cache": {"seconds": 60, "not_found": True}}) as source:
        source.expect(None, timedelta(days=1))
        asked(source, "A1", "西区")
        asked(source, "B1")
        remembered: Any = source._remembered
        assert [key for key in remembered._held if key[2]] == []
        assert len(remembered._held) == 1


def test_a_body_of_xml_is_asked_with_the_answer_alone(tmp_path: Path) -> None:
    with HttpSource() as server:
        make = rest(REST_XML, server, tmp_path, http_source.by_subject_in_xml)
        with make(IN_FULL) as source:
            assert asked(source, "A1", "西区") == "张另"
            assert asked(source, "A1", "西区</district><id>B1</id>") == ""
            assert re.search(rb"<id>A1</id>", server.seen[-1][3])
