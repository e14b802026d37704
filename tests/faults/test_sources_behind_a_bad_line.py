"""Every kind of source that is reached over a network, behind a line on which everything goes wrong (K6).

Whatever the line does: the caller is released in time, with a problem that names nothing; the source is left alone when
it goes on; and everything works again when the line does.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from connectors.errors import (
    AmbiguousSubject,
    SourceBusy,
    SourceGarbled,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.kit.bench import FIELDS, source
from connectors.source import Source
from tests.doubles import directory, fault_proxy, http_source, mariadb_server, soap_source
from tests.doubles.connectors import retrieve, values
from tests.doubles.fault_proxy import FaultProxy
from tests.doubles.http_benches import XML
from tests.doubles.http_source import HttpSource
from tests.doubles.paper_exchange import PRIVATE, PaperExchange
from tests.doubles.signed_documents import AUDIENCE, Signer
from tests.doubles.soap_source import SoapSource

PERSON = {"id": "A1", "full name": "张三", "born": "20260102", "note": "甲"}
OTHERS = [{**PERSON, "id": "B1", "full name": name} for name in ("李四", "李思")]
"""Two records under one number: of neither is it known that it is the right one."""
EVERYBODY = {"A1": [PERSON], "B1": OTHERS}
DEADLINE = 0.4
"""Seconds that a caller waits; a caller that is held ten times as long has been forgotten."""
LIMITS = {"deadline_ms": int(DEADLINE * 1000), "failures": 1000, "max_bytes": 65_536}

PARTS = 9
"""Places at which an answer is cut."""

Open = Callable[[int, dict[str, int]], Source]
"""From the port that is asked, and limits, to the source."""


class Far:
    """One kind of source and the bad line in front of it."""

    def __init__(self, target: int | str, opened: Open) -> None:
        self.proxy = FaultProxy(target)
        self._opened = opened

    def source(self, **limits: int) -> Source:
        return self._opened(self.proxy.port, LIMITS | limits)


def _http() -> Iterator[tuple[int | str, Open]]:
    with HttpSource(EVERYBODY) as server:

        def opened(port: int, limits: dict[str, int]) -> Source:
            settings = {"url": f"http://127.0.0.1:{port}/search", "query": {"id": "{subject}"}, "records": "data"}
            return source("rest", settings, limits=limits)

        server.behaviour = http_source.by_subject
        yield server.server_address[1], opened


def _xml() -> Iterator[tuple[int | str, Open]]:
    with HttpSource(EVERYBODY) as server:
        server.behaviour = http_source.by_subject_in_xml

        def opened(port: int, limits: dict[str, int]) -> Source:
            return source("rest", XML | {"url": f"http://127.0.0.1:{port}/search"}, limits=limits)

        yield server.server_address[1], opened


def _jws() -> Iterator[tuple[int | str, Open]]:
    signer = Signer()
    with HttpSource(EVERYBODY) as server:
        server.behaviour = signer.by_subject
        settings = {"body": {"id": "{subject}"}, "documents": "documents", "records": "record", "audience": AUDIENCE}

        def opened(port: int, limits: dict[str, int]) -> Source:
            asked = {**settings, "url": f"http://127.0.0.1:{port}/search", "trust": [signer.trusted()]}
            return source("jws", asked, limits=limits)

        yield server.server_address[1], opened


def _exchange() -> Iterator[tuple[int | str, Open]]:
    """Tokens, cases and evidence all pass the line."""
    with PaperExchange() as server:
        server.records = EVERYBODY

        def opened(port: int, limits: dict[str, int]) -> Source:
            server.known_as = f"http://127.0.0.1:{port}"
            return source("exchange", server.settings(), limits=limits, secrets={"key": json.dumps(PRIVATE)})

        yield server.server_address[1], opened


def _soap(folder: Path) -> Iterator[tuple[int | str, Open]]:
    with SoapSource() as server:
        server.records = {
            value: [
                {"fullName": row["full name"], **{name: row[name] for name in ("id", "born", "note")}} for row in rows
            ]
            for value, rows in EVERYBODY.items()
        }
        server.behaviour = soap_source.by_subject

        def opened(port: int, limits: dict[str, int]) -> Source:
            (folder / "people.wsdl").write_bytes(soap_source.wsdl(f"http://127.0.0.1:{port}/people"))
            asked = {
                "version": "1.1",
                "operation": "FindPeople",
                "parameters": {"id": "{subject}"},
                "records": "person",
            }
            fields = {**FIELDS, "name": {"column": "fullName", "required": True}}
            return source("soap", {"wsdl": "people.wsdl", **asked}, fields, roots=[folder], limits=limits)

        yield server.server_address[1], opened


def _table(url: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        table = sa.Table("far_people", sa.MetaData(), *(sa.Column(name, sa.String(200)) for name in PERSON))
        table.create(connection)
        connection.execute(table.insert(), [PERSON, *OTHERS])
    engine.dispose()


def _sql(url: str) -> Callable[[int, dict[str, int]], Source]:
    def opened(port: int, limits: dict[str, int]) -> Source:
        parts = sa.make_url(url)
        far = parts.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)
        return source("sql", {"url": far, "table": "far_people", "subject_column": "id"}, limits=limits)

    return opened


def _postgresql(request: pytest.FixtureRequest) -> Iterator[tuple[int | str, Open]]:
    url = request.getfixturevalue("make_postgresql_database")()
    _table(url)
    yield str(Path(parse_qs(urlsplit(url).query)["host"][0]) / ".s.PGSQL.5432"), _sql(url)


def _mariadb(request: pytest.FixtureRequest) -> Iterator[tuple[int | str, Open]]:
    url = request.getfixturevalue("mariadb_server").database()
    _table(url)
    parts = sa.make_url(url)
    yield str(parts.query["unix_socket"]) if "unix_socket" in parts.query else int(parts.port or 3306), _sql(url)


def _ldap(request: pytest.FixtureRequest) -> Iterator[tuple[int | str, Open]]:
    server = request.getfixturevalue("directory_server")
    names = {"id": "employeeNumber", "full name": "displayName", "born": "carLicense", "note": "description"}
    base = server.branch([{names[name]: value for name, value in row.items()} for row in (PERSON, *OTHERS)])
    columns = {"name": "displayName", "born": "carLicense", "note": "description"}

    def opened(port: int, limits: dict[str, int]) -> Source:
        settings: dict[str, Any] = {"url": f"ldap://127.0.0.1:{port}", "base": base}
        settings |= {"subject_attribute": "employeeNumber", "bind": {"dn": directory.READER, "secret": "directory"}}
        fields = {name: {**rule, "column": columns[name]} for name, rule in FIELDS.items()}
        return source("ldap", settings, fields, limits=limits, secrets={"directory": directory.READER_PASSWORD})

    yield int(urlsplit(server.url).port or 389), opened


needs_mariadb = pytest.mark.skipif(not Path(mariadb_server.PROGRAM).exists(), reason=mariadb_server.MISSING)


@pytest.fixture(
    scope="module",
    params=[
        "rest",
        "xml",
        "jws",
        "exchange",
        "soap",
        "postgresql",
        pytest.param("mariadb", marks=needs_mariadb),
        "ldap",
    ],
)
def far(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    kinds = {
        "rest": _http,
        "xml": _xml,
        "jws": _jws,
        "exchange": _exchange,
        "soap": lambda: _soap(tmp_path_factory.mktemp("soap")),
        "postgresql": lambda: _postgresql(request),
        "mariadb": lambda: _mariadb(request),
        "ldap": lambda: _ldap(request),
    }
    for target, opened in kinds[request.param]():
        with (made := Far(target, opened)).proxy:
            yield made


PATIENT = 5.0
"""Seconds for what ends at once, also on a machine with much else to do."""

LINES = {
    "delay": (fault_proxy.delay(2.0), (SourceTimedOut,)),
    "drip": (fault_proxy.drip, (SourceTimedOut,)),
    "black hole": (fault_proxy.black_hole, (SourceTimedOut,)),
    "cut": (fault_proxy.cut(9), (SourceUnavailable, SourceGarbled)),
    "reset": (fault_proxy.reset, (SourceUnavailable,)),
    "garbage": (fault_proxy.garbage, (SourceUnavailable, SourceGarbled, SourceTooLarge)),
    "flood": (fault_proxy.flood, (SourceUnavailable, SourceGarbled, SourceTooLarge, SourceTimedOut)),
}


@pytest.mark.parametrize("name", LINES)
def test_K6_whatever_the_line_does_the_caller_is_released_and_it_works_again(far: Far, name: str) -> None:
    line, expected = LINES[name]
    deadline = _waits(expected)
    before, sent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, far.proxy.sent
    with far.source(deadline_ms=int(deadline * 1000)) as asked:
        far.proxy.line = line
        began = time.monotonic()
        with pytest.raises(SourceProblem) as caught:
            retrieve(asked, deadline=deadline)
        assert time.monotonic() - began < 10 * DEADLINE
        assert isinstance(caught.value, expected), caught.value.reason
        shown = caught.value.text.en + str(caught.value) + repr(caught.value) + caught.value.reason
        assert [word for word in ("127.0.0.1", str(far.proxy.port), "far_people", "A1") if word in shown] == []
        far.proxy.hang_up()
        far.proxy.line = fault_proxy.good
        assert _comes_back(asked) == "张三"
    assert far.proxy.sent - sent < 64 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # kilobytes


def _waits(expected: tuple[type[SourceProblem], ...]) -> float:
    """Seconds that a caller waits for what can only end by its deadline, or ends by itself."""
    return DEADLINE if SourceTimedOut in expected else PATIENT


def _comes_back(asked: Source) -> Any:
    """The first answer on a line that works again: the places of look-ups left behind may still be held a moment."""
    for _ in range(20):
        try:
            return values(asked)["name"]
        except SourceProblem:
            time.sleep(0.1)
    return values(asked)["name"]


def test_K6_a_source_behind_a_dead_line_is_left_alone(far: Far) -> None:
    with far.source(failures=2, open_seconds=60) as asked:
        far.proxy.line = fault_proxy.reset
        reasons = []
        for _ in range(4):
            with pytest.raises(SourceProblem) as caught:
                retrieve(asked)
            reasons.append(caught.value.reason)
        assert reasons[2:] == ["breaker-open", "breaker-open"]
    far.proxy.line = fault_proxy.good


@pytest.mark.parametrize("name", ["black hole", "reset", "garbage", "cut"])
def test_K6_a_line_that_goes_bad_under_a_source_in_use_is_like_one_that_was_bad_before(far: Far, name: str) -> None:
    """A connection that is kept for the next look-up is no better than a new one, and is not kept for ever."""
    line, expected = LINES[name]
    deadline = _waits(expected)
    far.proxy.line = fault_proxy.good
    with far.source(deadline_ms=int(deadline * 1000)) as asked:
        assert _comes_back(asked) == "张三"
        far.proxy.line = line
        began = time.monotonic()
        with pytest.raises(SourceProblem) as caught:
            retrieve(asked, deadline=deadline)
        assert time.monotonic() - began < 10 * DEADLINE
        assert isinstance(caught.value, expected), caught.value.reason
        far.proxy.hang_up()
        far.proxy.line = fault_proxy.good
        assert _comes_back(asked) == "张三"


@pytest.mark.parametrize("whose", ["A1", "B1"])
def test_K6_an_answer_that_is_cut_anywhere_is_never_taken_for_a_whole_one(far: Far, whose: str) -> None:
    """Neither for nobody's, nor for one record where there are two."""
    with far.source(deadline_ms=int(PATIENT * 1000)) as asked:
        far.proxy.line = fault_proxy.good
        whole = _said(asked, whose)
        assert whole == ({"A1": "张三", "B1": AmbiguousSubject}[whose])
        before = far.proxy.sent
        _said(asked, whose)
        length = far.proxy.sent - before
        seen = set()
        for part in range(PARTS):
            far.proxy.line = fault_proxy.cut_in_all(length * part // PARTS + 1)
            seen.add(_said(asked, whose))
            far.proxy.line = fault_proxy.good
            far.proxy.hang_up()
        assert seen - {whole} <= {SourceUnavailable, SourceGarbled, SourceTimedOut, SourceBusy}
        assert seen - {whole}


def _said(asked: Source, whose: str) -> Any:
    """Somebody's name, or what kind of problem there is."""
    try:
        found = retrieve(asked, whose)
    except SourceProblem as problem:
        return type(problem)
    return found.values.get("name", found.outcome)
