"""Answers in pages: every way to the next one, and the limits they share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceGarbled, SourceProblem, SourceTooLarge
from connectors.registry import findings
from connectors.rest.paging import next_link
from connectors.source import Source
from tests.doubles.connectors import manifest, source, values
from tests.doubles.http_source import Handler, HttpSource, by_subject_in_pages, saying

ROWS = [{"id": "A1", "name": "张三", "until": str(2030 + number)} for number in range(3)]
FIELDS = {"name": {"path": "name"}, "until": {"path": "until"}}
LAST = {"name": "张三", "until": "2032"}
KINDS: dict[str, dict[str, Any]] = {
    "page": {"query": {"id": "{subject}", "page": "{page}"}, "paging": {"kind": "page", "size": 1}},
    "offset": {"query": {"id": "{subject}", "offset": "{offset}"}, "paging": {"kind": "offset", "size": 1}},
    "cursor": {"query": {"id": "{subject}", "cursor": "{cursor}"}, "paging": {"kind": "cursor", "next": "next"}},
    "link": {"query": {"id": "{subject}"}, "paging": {"kind": "link"}},
}


@pytest.fixture(scope="module")
def running() -> Iterator[HttpSource]:
    with HttpSource({"A1": ROWS}) as server:
        yield server


@pytest.fixture
def server(running: HttpSource) -> HttpSource:
    running.behaviour = by_subject_in_pages
    running.seen.clear()
    return running


def opened(server: HttpSource, kind: str, limits: dict[str, int] | None = None, **paging: Any) -> Source:
    described = {"url": server.url + "/search", "records": "data", **KINDS[kind]}
    described["paging"] = described["paging"] | paging
    return source(
        "rest", described, FIELDS, choose={"greatest": "until"}, limits={"deadline_ms": 5000} | (limits or {})
    )


def refused(asked: Source) -> SourceProblem:
    with asked, pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_all_pages_are_read(server: HttpSource, kind: str) -> None:
    with opened(server, kind) as asked:
        assert values(asked) == LAST
        assert values(asked, "B1") == {}
    asked_for = [path for _, path, _, _ in server.seen]
    assert len(asked_for) == {"page": 4, "offset": 4, "cursor": 3, "link": 3}[kind] + 1
    assert {
        "page": "page=1",
        "offset": "offset=0",
        "cursor": "id=A1",  # without an empty cursor
        "link": "id=A1",
    }[kind] == asked_for[0].partition("?")[2].removeprefix("id=A1&")


def test_a_body_has_numbers_for_numbers_and_no_cursor_at_first(server: HttpSource) -> None:
    def answer(handler: Handler) -> None:
        body = json.loads(handler.server.seen[-1][3])
        more = body.get("page", 3) == 1 or (body.get("page") is None and "cursor" not in body)
        handler.answer(json.dumps({"data": ROWS[:1] if more else [], "next": "n2" if more else ""}).encode())

    server.behaviour = answer
    for paging, body in (
        ({"kind": "page", "size": 1}, {"id": "{subject}", "page": "{page}", "word": "p {page}"}),
        ({"kind": "cursor", "next": "next"}, {"id": "{subject}", "cursor": "{cursor}"}),
    ):
        described = {"url": server.url + "/search", "records": "data", "body": body, "paging": paging}
        with source("rest", described, FIELDS) as asked:
            assert values(asked) == {"name": "张三", "until": "2030"}
    assert [json.loads(body) for _, _, _, body in server.seen] == [
        {"id": "A1", "page": 1, "word": "p 1"},
        {"id": "A1", "page": 2, "word": "p 2"},
        {"id": "A1"},
        {"id": "A1", "cursor": "n2"},
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_pages_share_one_limit_of_bytes_of_records_and_of_themselves(server: HttpSource, kind: str) -> None:
    whole = len(json.dumps({"data": ROWS[:1], "next": "1"}, ensure_ascii=False).encode())
    for limits, paging, reason in (
        ({"max_bytes": 2 * whole + 10}, {}, "bytes"),
        ({"max_records": 2}, {}, "records"),
        ({}, {"max_pages": 2}, "pages"),
    ):
        problem = refused(opened(server, kind, limits, **paging))
        assert (type(problem), problem.reason) == (SourceTooLarge, reason)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_of_nothing_is_the_end(server: HttpSource, kind: str) -> None:
    server.behaviour = saying(b'{"data": []}')
    with opened(server, kind) as asked:
        assert values(asked) == {}
    assert len(server.seen) == 1


@pytest.mark.parametrize("kind", ["cursor", "link"])
def test_a_page_that_was_promised_and_is_not_there_is_no_end(server: HttpSource, kind: str) -> None:
    def answer(handler: Handler) -> None:
        if len(handler.server.seen) == 1:
            by_subject_in_pages(handler)
        else:
            handler.answer(b"", 404)

    server.behaviour = answer
    assert refused(opened(server, kind)).reason == "page-missing"
    server.seen.clear()
    with opened(server, "page") as asked:
        assert values(asked) == {"name": "张三", "until": "2030"}


def test_a_cursor_or_link_that_comes_again_is_garbled(server: HttpSource) -> None:
    server.behaviour = saying(b'{"data": [], "next": "same"}', headers=[("Link", "</again>; rel=next")])
    for kind in ("cursor", "link"):
        assert refused(opened(server, kind)).reason == "page-repeats"


@pytest.mark.parametrize("cursor", [b"true", b"[]", b'"a\\u0000"', b'"' + b"x" * 1025 + b'"', b"{}"])
def test_a_cursor_is_a_short_text_or_a_number(server: HttpSource, cursor: bytes) -> None:
    server.behaviour = saying(b'{"data": [], "next": ' + cursor + b"}")
    problem = refused(opened(server, "cursor"))
    assert (type(problem), problem.reason) == (SourceGarbled, "cursor")


URL = "https://people.example:8443/a/b?id=1"


@pytest.mark.parametrize(
    ("links", "target"),
    [
        ([], ""),
        (['<https://people.example:8443/c?x=1>; rel="next"'], "https://people.example:8443/c?x=1"),
        (["</c>; rel=next"], "https://people.example:8443/c"),
        (['<?page=2>; title="a, b; rel=\'x\'"; rel="last next"'], "https://people.example:8443/a/b?page=2"),
        (["</p>; rel=prev, </n>; rel=NEXT"], "https://people.example:8443/n"),
        (["</p>; rel=prev", "</n>; rel=next"], "https://people.example:8443/n"),
        (["</p>; rel=nextish", "nonsense", "<>"], ""),
    ],
)
def test_RFC_8288_the_next_link_is_found(links: list[str], target: str) -> None:
    assert next_link(links, URL) == target


@given(st.lists(st.text(max_size=60) | st.text(alphabet="<>/;,\"'= relnxt:@\\", max_size=60)))
def test_whatever_stands_in_links_leads_to_the_same_origin_or_nowhere(links: list[str]) -> None:
    try:
        target = next_link(links, URL)
    except SourceGarbled:
        return
    assert target == "" or target.startswith("https://people.example:8443/")


@pytest.mark.parametrize(
    "change",
    [
        {"paging": {"kind": "page"}},
        {"paging": {"kind": "page", "size": 5, "next": "n"}},
        {"paging": {"kind": "cursor"}},
        {"paging": {"kind": "cursor", "next": "["}},
        {"paging": {"kind": "link", "size": 5}},
        {"paging": {"kind": "link", "first": 5}},
        {"paging": {"kind": "offset", "size": 5}},
        {"paging": {"kind": "link"}, "body": {"id": "{subject}"}},
        {"paging": {"kind": "other"}},
    ],
)
def test_paging_that_cannot_work_is_found_in_the_manifest(change: dict[str, Any]) -> None:
    described = {"url": "https://people.example/", "query": {"id": "{subject}", "page": "{page}"}} | change
    assert findings(manifest("rest", described, {"fields": FIELDS}))
