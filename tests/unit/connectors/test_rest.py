"""The REST adapter: how a request is put together, and what an answer means."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Query
from connectors.errors import (
    SourceBusy,
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.rest.strict_json import decode
from connectors.rest.transport import _Body, _problem
from connectors.source import Outcome, Source
from kernel.identifiers.subject import SubjectRef
from tests.doubles.connectors import retrieve, source, values
from tests.doubles.http_source import HttpSource, by_subject, cut_off, saying

NAME = {"name": {"path": "name"}}
Opened = Callable[..., Source]


@pytest.fixture
def server() -> Iterator[HttpSource]:
    with HttpSource({"A1": [{"name": "张三"}]}) as running:
        yield running


@pytest.fixture
def opened(server: HttpSource) -> Iterator[Opened]:
    sources: list[Source] = []

    def make(fields: Any = NAME, url: str = "/search", secrets: Any = None, **settings: Any) -> Source:
        settings.setdefault("body", {"id": "{subject}"})
        settings = {name: value for name, value in settings.items() if value is not None}
        sources.append(source("rest", {"url": server.url + url, **settings}, fields, secrets=secrets))
        return sources[-1]

    yield make
    for each in sources:
        each.close()


def refused(asked: Source) -> SourceProblem:
    with pytest.raises(SourceProblem) as caught:
        values(asked)
    return caught.value


def test_a_post_carries_the_subject_in_its_body_and_nowhere_else(server: HttpSource, opened: Opened) -> None:
    body = {"head": {"id": "x"}, "id": "{subject}", "list": ["{scheme}", 5, True, None], "why": "{reason}: {subject}"}
    asked = opened(body=body, records="data")
    assert values(asked, reason="开办") == {"name": "张三"}
    ((method, path, headers, sent),) = server.seen
    assert (method, path) == ("POST", "/search")
    assert json.loads(sent) == {
        "head": {"id": "x"}, "id": "A1", "list": ["citizen-number", 5, True, None], "why": "开办: A1"
    }  # fmt: skip
    assert headers["Content-Type"] == "application/json"
    assert headers["Accept"] == "application/json"
    assert not {"Accept-Encoding", "Cookie", "Expect", "Authorization"} & headers.keys()


def test_a_get_carries_it_in_a_header_a_query_or_a_segment(server: HttpSource, opened: Opened) -> None:
    for settings in (
        {"headers": {"X-Person": "{subject}", "X-Why": "a b"}},
        {"query": {"id": "{subject}", "固定": "a&b={x}"}},
        {"url": "/people/{subject}"},
        {"url": "/search?v=1&id={subject}"},
    ):
        assert values(opened(body=None, records="data", **settings), x="y") == {"name": "张三"}
    assert [seen[0] for seen in server.seen] == ["GET"] * 4
    assert server.seen[1][1] == "/search?id=A1&%E5%9B%BA%E5%AE%9A=a%26b%3Dy"


@pytest.mark.parametrize(
    ("auth", "header", "sent"),
    [
        ({"kind": "bearer", "secret": "key"}, "Authorization", "Bearer s3cret"),
        ({"kind": "basic", "username": "u", "secret": "key"}, "Authorization", "Basic dTpzM2NyZXQ="),
        ({"kind": "api-key", "header": "X-Api-Key", "secret": "key"}, "X-Api-Key", "s3cret"),
    ],
)
def test_credentials_are_secrets_by_reference(
    server: HttpSource, opened: Opened, auth: Any, header: str, sent: str
) -> None:
    assert values(opened(records="data", auth=auth, secrets={"key": "s3cret\n"})) == {"name": "张三"}
    assert server.seen[0][2][header] == sent


@pytest.mark.parametrize("secrets", [{}, {"key": ""}, {"key": "a\r\nX-Evil: 1"}])
def test_a_missing_or_unusable_secret_is_said_at_once(opened: Opened, secrets: dict[str, str]) -> None:
    with pytest.raises(SourceMisconfigured) as caught:
        opened(auth={"kind": "bearer", "secret": "key"}, secrets=secrets)
    assert caught.value.reason in {"secret-unknown", "secret-unusable"}


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (201, SourceGarbled, "http-201"),
        (204, SourceGarbled, "http-204"),
        (301, SourceMisconfigured, "http-301"),
        (400, SourceMisconfigured, "http-400"),
        (401, SourceMisconfigured, "http-401"),
        (429, SourceBusy, "http-429"),
        (500, SourceUnavailable, "http-500"),
        (503, SourceUnavailable, "http-503"),
    ],
)
def test_a_status_other_than_200_is_a_problem_of_its_kind(
    server: HttpSource, opened: Opened, status: int, kind: type[SourceProblem], reason: str
) -> None:
    server.behaviour = saying(b"", status) if status != 204 else saying(b"{}", 204)
    problem = refused(opened())
    assert type(problem) is kind
    assert problem.reason == reason


def test_which_statuses_say_not_found_is_declared(server: HttpSource, opened: Opened) -> None:
    server.behaviour = saying(b"no", 410)
    assert retrieve(opened(not_found=[404, 410])).outcome is Outcome.NOT_FOUND
    server.behaviour = saying(b"no", 404)
    assert retrieve(opened()).outcome is Outcome.NOT_FOUND
    assert isinstance(refused(opened(not_found=[410])), SourceMisconfigured)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b'{"head": {"status": "0"}, "data": {"name": "x"}}', {"name": "x"}),
        (b'{"head": {"status": "0"}, "data": [{"name": "x"}]}', {"name": "x"}),
        (b'{"head": {"status": "0"}, "data": []}', {}),
        (b'{"head": {"status": "0"}, "data": null}', {}),
        (b'{"head": {"status": "0"}}', {}),
    ],
)
def test_where_the_records_stand_and_whether_it_worked_are_declared(
    server: HttpSource, opened: Opened, answer: bytes, expected: object
) -> None:
    server.behaviour = saying(answer)
    assert values(opened(records="data", succeeded="head.status == '0'")) == expected


def test_a_failure_told_with_status_200_is_a_failure(server: HttpSource, opened: Opened) -> None:
    server.behaviour = saying(b'{"head": {"status": "500", "message": "table T_RK down"}, "data": []}')
    problem = refused(opened(records="data", succeeded="head.status == '0'"))
    assert isinstance(problem, SourceUnavailable)
    assert problem.reason == "not-succeeded"


def test_without_a_place_the_answer_itself_is_the_record_or_the_list(server: HttpSource, opened: Opened) -> None:
    server.behaviour = saying(b'{"name": "x"}')
    assert values(opened()) == {"name": "x"}
    server.behaviour = saying(b'[{"name": "y"}]')
    assert values(opened()) == {"name": "y"}
    assert values(opened(records="[?name=='z']")) == {}


@pytest.mark.parametrize(
    "answer", [b'{"data": "text"}', b'{"data": 5}', b'{"data": ["text"]}', b'{"data": [[]]}', b'{"data": true}']
)
def test_records_that_are_no_objects_are_garbled(server: HttpSource, opened: Opened, answer: bytes) -> None:
    server.behaviour = saying(answer)
    assert isinstance(refused(opened(records="data")), SourceGarbled)


def test_E3_an_answer_about_somebody_else_is_refused(server: HttpSource, opened: Opened) -> None:
    server.behaviour = saying(b'{"id": " a1", "name": "x"}')
    assert values(opened(subject_path="id")) == {"name": "x"}
    for other in (b'{"id": "B1", "name": "x"}', b'{"name": "x"}', b'{"id": null, "name": "x"}'):
        server.behaviour = saying(other)
        assert refused(opened(subject_path="id")).reason == "other-subject"


def test_amounts_keep_their_digits(server: HttpSource, opened: Opened) -> None:
    server.behaviour = saying(b'{"amount": 0.10, "big": 500199199001010019, "area": 89.50}')
    fields = {"amount": {"path": "amount"}, "big": {"path": "big"}, "area": {"path": "area", "type": "decimal"}}
    assert values(opened(fields)) == {"amount": "0.10", "big": "500199199001010019", "area": "89.50"}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b"<html></html>",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1} x',
        b'{"a": 01}',
        b'{"a": "\\ud800"}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        b'{"a": ' + b"9" * 100 + b"}",
        b'{"a": 1.' + b"9" * 100 + b"}",
        b"[" * 100 + b"]" * 100,
        b"[" * 100_000,
        '{"a": "中"}'.encode("gb18030"),
    ],
)
def test_json_has_exactly_one_meaning_or_is_garbled(answer: bytes) -> None:
    with pytest.raises(SourceGarbled):
        decode(answer)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_json_that_python_writes_is_read_back(value: object) -> None:
    assert decode(json.dumps(value).encode("utf-8")) == value


def test_fractions_are_decimals() -> None:
    assert decode(b"[0.1, 1e2]") == [Decimal("0.1"), Decimal("1E+2")]


def test_a_connection_is_kept(server: HttpSource, opened: Opened) -> None:
    asked = opened(records="data")
    for _ in range(5):
        values(asked)
    assert server.connections == 1


def test_a_kept_connection_that_died_is_replaced_within_the_same_look_up(server: HttpSource, opened: Opened) -> None:
    def close_silently(handler: Any) -> None:
        by_subject(handler)
        handler.close_connection = True  # without saying so beforehand

    server.behaviour = close_silently
    asked = opened(records="data")
    for _ in range(5):
        assert values(asked) == {"name": "张三"}
    assert asked.health().failures == 0


def test_an_answer_that_breaks_off_is_unavailable(server: HttpSource, opened: Opened) -> None:
    server.behaviour = cut_off
    assert refused(opened()).reason == "cut-off"


def test_what_is_not_http_is_garbled_or_unavailable(server: HttpSource, opened: Opened) -> None:
    server.behaviour = lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")
    assert isinstance(refused(opened()), SourceGarbled | SourceUnavailable)


def test_nobody_listening_is_unavailable() -> None:
    with source("rest", {"url": "http://127.0.0.1:9/", "body": {"id": "{subject}"}}, NAME) as asked:
        assert refused(asked).reason == "connect"


def test_a_url_may_be_a_secret_and_is_checked_when_opened(server: HttpSource) -> None:
    settings = {"url_secret": "address", "body": {"id": "{subject}"}, "records": "data"}
    with source("rest", settings, NAME, secrets={"address": server.url + "/search\n"}) as asked:
        assert values(asked) == {"name": "张三"}
    for unusable in (
        "http://198.51.100.7/",
        "ftp://h/",
        "https://u:p@h/",
        "https://h/#x",
        "text",
        "https://{subject}.example/",
    ):
        with pytest.raises(SourceMisconfigured) as caught:
            source("rest", settings, NAME, secrets={"address": unusable})
        assert caught.value.reason == "url"
    with pytest.raises(SourceMisconfigured):
        source("rest", {"url_secret": "address"}, NAME, secrets={"address": "https://h/everybody"})


def test_a_parameter_nobody_gave_is_a_misconfiguration(opened: Opened) -> None:
    assert refused(opened(body={"id": "{subject}", "n": "{certificate}"})).reason == "parameter-missing"


def test_a_query_parameter_cannot_shadow_the_subject(server: HttpSource, opened: Opened) -> None:
    asked = opened(records="data")
    query = Query(SubjectRef("citizen-number", "A1"), {"subject": "B1", "scheme": "x"})
    assert asked.retrieve(query).values == {"name": "张三"}


def test_K6_what_comes_after_the_limit_is_not_even_taken_in() -> None:
    body = _Body(10)
    assert [body.receive(b"x" * 6), body.receive(b"x" * 4), body.receive(b"x")] == [6, 4, 0]
    assert (bytes(body.data), body.over) == (b"x" * 10, True)
    assert isinstance(_problem(23, body), SourceTooLarge)


def test_an_error_of_libcurl_nobody_thought_of_is_unavailable() -> None:
    assert _problem(99, _Body(1)).reason == "curl-99"
