"""What is refused before an endpoint runs: size, encoding, malformed addresses and lengths (E6)."""

from __future__ import annotations

import io

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from kernel.web.http import HttpResponse, json_response

from .conftest import echo, make_app, route


class Watched(io.BytesIO):
    """A body that tells how much of it was read."""

    taken = 0

    def read(self, size=-1, /):
        chunk = super().read(size)
        self.taken += len(chunk)
        return chunk


class Broken(io.BytesIO):
    """A body whose sender goes away."""

    def read(self, size=-1, /):
        raise ConnectionResetError


def call(app, *, body=None, path="/thing", method="POST", **environ):
    """Call with an environment as a server would build it; returns (status, JSON)."""
    made = EnvironBuilder(path="/thing", method=method).get_environ()
    made.update({"PATH_INFO": path, "wsgi.input": body or io.BytesIO(), "wsgi.input_terminated": True, **environ})
    pieces, status, _ = run_wsgi_app(app, made)
    answer = HttpResponse(int(status.split()[0]), b"".join(pieces))
    return answer.status, answer.body.decode()


def unreachable(request):
    raise AssertionError


@pytest.fixture(params=["hot", "routed", "page"])
def guarded(request):
    """An application with a limit of ten bytes and an endpoint that must not be reached, behind each door."""

    def make(endpoint=unreachable):
        kind = {"hot": {"hot": True}, "routed": {}, "page": {"page": True}}[request.param]
        return make_app(route(endpoint, "POST", **kind), max_body=10)

    return make


def test_E6_a_declared_body_over_the_limit_is_413_and_not_read(guarded):
    body = Watched(b"x" * 11)
    status, text = call(guarded(), body=body, CONTENT_LENGTH="11")
    assert status == 413
    assert "request.too-large" in text
    assert body.taken == 0


def test_E6_a_chunked_body_is_read_no_further_than_one_byte_over_the_limit():
    for hot in (True, False):
        body = Watched(b"x" * 1000)
        app = make_app(route(unreachable, "POST", hot=hot), max_body=10)
        status, _ = call(app, body=body, HTTP_TRANSFER_ENCODING="chunked")
        assert (status, body.taken) == (413, 11)


def test_E6_a_page_s_chunked_body_is_bounded_too(blueprint):
    blueprint.add_url_rule("/thing", view_func=unreachable, methods=["POST"])
    app = make_app(blueprints=[blueprint], max_body=10)
    assert call(app, body=io.BytesIO(b"x" * 1000), HTTP_TRANSFER_ENCODING="chunked")[0] == 413


@pytest.mark.parametrize("hot", [True, False])
def test_a_body_at_the_limit_arrives_whole_declared_or_chunked(hot):
    app = make_app(route(echo, "POST", hot=hot), max_body=10)
    for environ in ({"CONTENT_LENGTH": "10"}, {"HTTP_TRANSFER_ENCODING": "chunked"}):
        status, text = call(app, body=io.BytesIO(b"0123456789"), **environ)
        assert status == 200
        assert '"body":"0123456789"' in text


@pytest.mark.parametrize("length", ["-1", "1x", "0x5", "１", "9" * 30, "+5"])
def test_a_malformed_content_length_is_400(guarded, length):
    assert call(guarded(), CONTENT_LENGTH=length)[0] == 400


@pytest.mark.parametrize("hot", [True, False])
@pytest.mark.parametrize("body", [io.BytesIO(b"abc"), Broken(b"abcde")])
def test_a_body_that_breaks_off_is_400(hot, body):
    app = make_app(route(unreachable, "POST", hot=hot))
    assert call(app, body=body, CONTENT_LENGTH="5")[0] == 400


def test_E6_compressed_bodies_are_refused_instead_of_unpacked(guarded):
    status, text = call(guarded(), CONTENT_LENGTH="2", body=io.BytesIO(b"ab"), HTTP_CONTENT_ENCODING="gzip")
    assert (status, "request.unsupported-media-type" in text) == (415, True)


def test_an_overlong_query_is_413(guarded):
    assert call(guarded(), QUERY_STRING="a=" + "x" * 20_000)[0] == 413


@pytest.mark.parametrize("path", ["/thing\0", "/%zz", "/\xff\xfe", "/中".encode().decode("latin-1")[:-1]])
def test_a_malformed_path_is_400(path):
    status, text = call(make_app(route(unreachable)), path=path, method="GET")
    assert status == 400
    assert "request.malformed" in text


def test_paths_arrive_as_text():
    app = make_app(route(echo, "GET", "/v1/<name>"))
    assert '"path":"/v1/中文"' in call(app, path="/v1/中文".encode().decode("latin-1"), method="GET")[1]


def test_a_get_without_a_body_reads_nothing():
    body = Watched(b"left over")
    call(make_app(route(echo, hot=True)), method="GET", body=body)
    assert body.taken == 0


def test_a_declared_empty_body_is_empty():
    body = Watched(b"left over")
    assert '"body":""' in call(make_app(route(echo, "POST", hot=True)), body=body, CONTENT_LENGTH="0")[1]
    assert body.taken == 0


@pytest.mark.parametrize("hot", [True, False])
def test_wrong_media_types_are_415_on_the_callers_side(hot):
    forms = Client(make_app(route(lambda request: json_response(request.form()), "POST", hot=hot)))
    documents = Client(make_app(route(lambda request: json_response(request.json()), "POST", hot=hot)))
    assert forms.post("/thing", json={}).json["code"] == "request.unsupported-media-type"
    assert documents.post("/thing", data={"a": "1"}).json["expected"] == "application/json"
    assert documents.post("/thing", data=b"[1]", content_type="application/x+json; charset=utf-8").json == [1]


@pytest.mark.parametrize("document", [b"", b"{", b'{"a":1,"a":2}', b"NaN", b"\xff", b"{} {}", b'"\\ud800"'])
def test_malformed_json_is_a_400_problem(document):
    client = Client(make_app(route(lambda request: json_response(request.json()), "POST", hot=True)))
    answer = client.post("/thing", data=document, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (400, "request.malformed")


def test_a_body_that_is_no_ascii_is_no_form():
    client = Client(make_app(route(lambda request: json_response(request.form()), "POST", hot=True)))
    answer = client.post("/thing", data="姓=李".encode(), content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400
