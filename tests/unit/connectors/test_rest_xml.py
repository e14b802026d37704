"""HTTP services that answer in XML, and are asked in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge, SourceUnavailable
from connectors.registry import findings
from connectors.rest import reading
from connectors.source import Source
from tests.doubles.connectors import manifest, source, values
from tests.doubles.http_source import HttpSource, saying

SETTINGS: dict[str, Any] = {
    "body": '<q:ask xmlns:q="urn:people" kind="{scheme}"><q:id>{subject}</q:id></q:ask>',
    "succeeded": "/p:answer/p:code = '0'",
    "records": "/p:answer/p:person",
    "subject_path": "@id",
    "xml": {
        "namespaces": {"p": "urn:people"},
        "columns": {"name": "p:name", "born": "p:born", "children": ["p:child"], "answered": "/p:answer/@at"},
    },
}
FIELDS = {
    "name": {"column": "name", "required": True},
    "born": {"column": "born", "date": "yyyyMMdd"},
    "children": {"column": "children", "several": True},
}
ANSWER = """<?xml version="1.0" encoding="{encoding}"?>
<answer xmlns="urn:people" at="2026-11-23T09:30:00+08:00"><code>{code}</code>
  <person id="A1"><name>张三</name><born>20260102</born><child>甲</child></person></answer>"""


@pytest.fixture(scope="module")
def server() -> Iterator[HttpSource]:
    with HttpSource() as running:
        yield running


def opened(server: HttpSource, **settings: Any) -> Source:
    mapping = {"source_time": {"column": "answered"}}
    return source("rest", {"url": server.url + "/ask", **SETTINGS, **settings}, FIELDS, mapping=mapping)


def refused(server: HttpSource, body: str, **settings: Any) -> SourceProblem:
    server.behaviour = saying(body.encode())
    with opened(server, **settings) as asked, pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_records_are_elements_and_fields_are_found_by_xpath(server: HttpSource, encoding: str) -> None:
    server.seen.clear()
    server.behaviour = saying(ANSWER.format(encoding=encoding, code="0").encode(encoding))
    with opened(server) as asked:
        assert values(asked) == {"name": "张三", "born": "2026-01-02", "children": ["甲"]}
    ((method, _, headers, body),) = server.seen
    assert (method, headers["Accept"], headers["Content-Type"]) == (
        "POST",
        "application/xml",
        "application/xml; charset=utf-8",
    )
    assert body.decode() == '<q:ask xmlns:q="urn:people" kind="citizen-number"><q:id>A1</q:id></q:ask>'


def test_the_charset_of_the_transport_counts(server: HttpSource) -> None:
    answer = ANSWER.format(encoding="utf-8", code="0").encode("gb18030")
    server.behaviour = saying(answer, headers=[("Content-Type", 'text/xml; charset="GB18030"')])
    with opened(server) as asked:
        assert values(asked)["name"] == "张三"


def test_K1_a_subject_is_text_of_the_request_and_never_markup(server: HttpSource) -> None:
    server.seen.clear()
    server.behaviour = saying(ANSWER.format(encoding="utf-8", code="0").replace('id="A1"', 'id="x"').encode())
    attack = 'A1</q:id><q:id a="\'">&B1;]]>{subject}'
    with opened(server) as asked, pytest.raises(SourceGarbled) as caught:
        values(asked, attack)
    assert caught.value.reason == "other-subject"
    assert "<q:id>A1&lt;/q:id&gt;&lt;q:id a=&quot;&apos;&quot;&gt;&amp;B1;]]&gt;{subject}</q:id>" in (
        server.seen[0][3].decode()
    )


def test_what_goes_wrong_has_its_reason(server: HttpSource) -> None:
    answer = ANSWER.format(encoding="utf-8", code="7")
    problem = refused(server, answer)
    assert (type(problem), problem.reason) == (SourceUnavailable, "not-succeeded")
    good = answer.replace(">7<", ">0<")
    assert refused(server, good.replace('id="A1"', 'id="B1"')).reason == "other-subject"
    assert refused(server, good, records="/p:answer/@at").reason == "records"
    assert refused(server, good.replace("<name>", "<name/><name>")).field == "name"
    assert refused(server, good.replace("张三", "<b/>")).reason == "value-has-structure"
    assert refused(server, "<!DOCTYPE a><a/>").reason == "xml-document-type"
    assert refused(server, '{"data": []}').reason == "xml"


def test_pages_of_xml_are_found_by_xpath(server: HttpSource) -> None:
    one = '<a><next>{next}</next><p id="A1"><name>张三</name></p></a>'
    following = iter([one.format(next="x&amp;y"), one.format(next="")])
    server.seen.clear()
    server.behaviour = lambda handler: handler.answer(next(following).encode())
    described = {
        "url": server.url + "/ask",
        "body": "<q><id>{subject}</id><from>{cursor}</from></q>",
        "records": "/a/p",
        "paging": {"kind": "cursor", "next": "/a/next"},
        "xml": {"columns": {"name": "name"}},
    }
    with source("rest", described, ["name"]) as asked:
        assert values(asked) == {"name": "张三"}
    assert [body.decode().partition("<from>")[2].partition("</from>")[0] for *_, body in server.seen] == ["", "x&amp;y"]


def test_what_stands_above_the_records_is_told_of_each_of_them(server: HttpSource) -> None:
    described = {
        "url": server.url + "/ask",
        "body": "<q>{subject}</q>",
        "records": "/a/p",
        "subject_path": "/a/who",
        "xml": {"columns": {"name": "name", "office": "/a/office"}},
    }
    body = "<a><who>{who}</who><office>民政局</office><p><name>张三</name></p><p><name>张三</name></p></a>"
    server.behaviour = saying(body.format(who="A1").encode())
    with source("rest", described, ["name", "office"]) as asked:
        assert values(asked) == {"name": "张三", "office": "民政局"}
        server.behaviour = saying(body.format(who="B1").encode())
        with pytest.raises(SourceGarbled) as caught:
            values(asked)
    assert caught.value.reason == "other-subject"


def test_K6_of_more_records_than_allowed_no_more_values_are_read_than_tell_it(
    server: HttpSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    real = reading.columns

    def counted(*declared: Any) -> Any:
        found = real(*declared)
        return lambda records: read.append(len(records)) or found(records)

    monkeypatch.setattr(reading, "columns", counted)
    person = '<person id="A1"><name>张三</name></person>'
    answer = f'<answer xmlns="urn:people"><code>0</code>{person * 3000}</answer>'
    problem = refused(server, answer)
    assert (type(problem), problem.reason) == (SourceTooLarge, "records")
    assert read == [21, 21]  # whom they are about, and what they say


@pytest.mark.parametrize("paging", [None, {"kind": "page", "size": 2000}])
def test_K6_the_same_of_json(server: HttpSource, monkeypatch: pytest.MonkeyPatch, paging: Any) -> None:
    checked: list[int] = []
    real = reading.checked
    monkeypatch.setattr(reading, "checked", lambda *each: checked.append(1) or real(*each))
    server.behaviour = saying(json.dumps([{"id": "A1", "name": "张三"}] * 3000).encode())
    described = {"url": server.url + "/", "query": {"id": "{subject}"}, "subject_path": "id"}
    described |= {} if paging is None else {"paging": paging, "query": {"id": "{subject}", "page": "{page}"}}
    with source("rest", described, ["name"]) as asked, pytest.raises(SourceTooLarge) as caught:
        values(asked)
    assert caught.value.reason == "records"
    assert len(checked) == 21


@pytest.mark.parametrize(
    "change",
    [
        {"body": "<q>{subject}"},
        {"body": "<!DOCTYPE q><q>{subject}</q>"},
        {"body": "<q/>"},
        {"records": "//p:answer//p:person"},
        {"records": "q:x"},
        {"subject_path": "concat(@id, /p:answer/@id)"},
        {"subject_path": "["},
        {"succeeded": "following::x"},
        {"xml": {"columns": {"name": "p:name"}}},
        {"xml": {"namespaces": {"p": "urn:people"}, "columns": {"name": "p:name"}}},
        {"xml": {"namespaces": {"1": "urn:people"}, "columns": {"name": "name", "born": "b", "children": ["c"]}}},
    ],
)
def test_a_description_that_cannot_work_is_found_in_the_manifest(change: dict[str, Any]) -> None:
    described = {"url": "https://people.example/", **SETTINGS} | change
    assert findings(manifest("rest", described, {"fields": FIELDS}))


def test_a_text_is_no_json_body() -> None:
    described = {"url": "https://people.example/", "body": "<q>{subject}</q>"}
    assert findings(manifest("rest", described, {"fields": {"name": {"path": "name"}}}))
