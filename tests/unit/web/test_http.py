"""The neutral values themselves."""

from __future__ import annotations

import pytest

from kernel.problems import Problem
from kernel.web.http import HttpRequest, HttpResponse

from .conftest import make_app, route


def test_L3_nothing_a_caller_sent_shows_in_repr():
    request = HttpRequest(
        "POST", "/token", "code=QUERY", {"authorization": "Bearer HEADER"}, b"password=BODY", "10.0.0.9"
    )
    shown = repr(request) + repr(HttpResponse(200, b"TOKEN", (("X-Secret", "VALUE"),)))
    assert not any(secret in shown for secret in ("QUERY", "HEADER", "BODY", "10.0.0.9", "TOKEN", "VALUE"))


@pytest.mark.parametrize("value", ["a\nSet-Cookie: x", "a\r", "a\0"])
def test_a_header_value_cannot_split_the_response(value):
    with pytest.raises(ValueError, match="control character"):
        HttpResponse(200, b"", (("Location", value),))


def posted(body: bytes) -> HttpRequest:
    return HttpRequest("POST", "/", headers={"content-type": "application/json"}, body=body)


@pytest.mark.parametrize("body", [rb'{"a": "x\u0000y"}', rb'{"a\u0000": 1}', rb'[[{"a": ["\u0000"]}]]', rb'"\\\u0000"'])
def test_a_text_with_nul_is_refused_wherever_it_stands_in_the_body(body):
    with pytest.raises(Problem) as refused:
        posted(body).json()
    assert refused.value.kind.code == "request.malformed"


def test_a_text_that_only_speaks_of_nul_is_read():
    assert posted(rb'{"a": "\\u0000"}').json() == {"a": r"\u0000"}


@pytest.mark.parametrize(("header", "language"), [("en-GB,zh;q=0.5", "en"), ("zh-CN", "zh"), (None, "zh")])
def test_language_follows_accept_language(header, language):
    headers = {"accept-language": header} if header else {}
    assert HttpRequest("GET", "/", headers=headers).language == language


def test_parameters_come_from_the_query_alone():
    assert HttpRequest("POST", "/", "a=1", body=b"b=2").parameters() == {"a": "1"}


def test_headers_are_a_mapping_without_what_only_proxies_may_say():
    seen = {}

    def look(request):
        seen.update(request.headers)
        seen["length"] = len(request.headers)
        seen["missing"] = request.headers.get("x-forwarded-for")
        return HttpResponse(204)

    from werkzeug.test import Client

    headers = {"X-Forwarded-For": "1.2.3.4", "Client-Cert": ":YQ==:", "X-Forwarded-Proto": "https", "X-Own": "1"}
    Client(make_app(route(look, "POST", hot=True))).post("/thing", data=b"x", headers=headers, content_type="a/b")
    assert seen.pop("missing") is None
    assert seen.pop("length") == len(seen)
    assert seen == {"content-type": "a/b", "content-length": "1", "host": "localhost", "x-own": "1"}
