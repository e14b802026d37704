"""Behind the server we ship with, over a raw socket: what a friendly test client would never send (E6)."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVICE = """
from kernel.metrics import Metrics
from kernel.text import Text
from kernel.web.app import create_app
from kernel.web.health import Health
from kernel.web.http import json_response
from kernel.web.routes import Route

WORDS = Text("测试", "test")


def echo(request, **parameters):
    return json_response({"path": request.path, "body": len(request.body), "dpop": request.headers.get("dpop")})


def route(method, path, **more):
    return Route(method, path, echo, "anyone", WORDS, **more)


app = create_app(
    "wire",
    routes=[route("POST", "/hot", hot=True), route("GET", "/hot", hot=True), route("POST", "/routed/<name>")],
    health=Health({}),
    metrics=Metrics(),
    title=WORDS,
    secret_key=b"w" * 32,
    max_body=1000,
)
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """A granian process serving the small service above."""
    folder = tmp_path_factory.mktemp("wire")
    (folder / "wire_service.py").write_text(SERVICE, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--blocking-threads", "2"]
    command += ["--workers", "1", "--host", "127.0.0.1", "--port", str(number), "wire_service:app"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}
    with subprocess.Popen(
        command, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        _wait_for(number)
        yield number
        server.terminate()


def _wait_for(number: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", number), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the server did not start")


def exchange(port: int, raw: bytes) -> tuple[int, bytes]:
    """Send bytes, read to the end; returns (first status, everything after its head). Status 0: closed unanswered."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(raw)
        connection.settimeout(5)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except (TimeoutError, ConnectionResetError):
            pass
    head, _, rest = answer.partition(b"\r\n\r\n")
    return (int(head.split()[1]) if head else 0), rest


def request(method: str, path: str, *headers: bytes, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: wire", b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


@pytest.mark.parametrize("path", ["/hot", "/routed/x"])
def test_a_chunked_body_arrives_and_an_overlong_one_is_413(port, path):
    header = b"Transfer-Encoding: chunked"
    status, body = exchange(port, request("POST", path, header, body=chunked(b"x" * 1000)))
    assert (status, json.loads(body)["body"]) == (200, 1000)
    assert exchange(port, request("POST", path, header, body=chunked(b"x" * 1001)))[0] == 413


@pytest.mark.parametrize("path", ["/hot", "/routed/x"])
def test_E6_a_declared_body_over_the_limit_is_refused_without_waiting_for_it(port, path):
    begun = time.monotonic()
    status, _ = exchange(port, request("POST", path, b"Content-Length: 1000000000"))
    assert status == 413
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize(
    "headers",
    [
        [b"Content-Length: 5", b"Content-Length: 6"],
        [b"Content-Length: -1"],
        [b"Content-Length: 5 5"],
    ],
)
def test_E6_ambiguous_lengths_are_refused(port, headers):
    assert exchange(port, request("POST", "/hot", *headers, body=b"abcdef"))[0] in (0, 400)


def test_E6_a_smuggled_second_request_is_not_answered(port):
    inner = request("GET", "/hot")
    headers = [b"Content-Length: %d" % (len(inner) + 5), b"Transfer-Encoding: chunked"]
    raw = request("POST", "/hot", *headers, body=b"0\r\n\r\n" + inner).replace(b"Connection: close\r\n", b"", 1)
    _, rest = exchange(port, raw)
    assert rest.count(b'"path":"/hot"') <= 1


def test_E6_oversize_headers_are_refused_and_other_callers_unaffected(port):
    assert exchange(port, request("GET", "/hot", b"X: " + b"x" * 2_000_000))[0] in (0, 400, 431)
    assert exchange(port, request("GET", "/hot"))[0] == 200


@pytest.mark.parametrize("path", ["/routed/%00", "/routed/%zz", "/routed/%ff", "/%c0%ae"])
def test_malformed_paths_are_400(port, path):
    status, body = exchange(port, request("POST", path))
    assert (status, json.loads(body)["code"]) == (400, "request.malformed")


def test_text_in_paths_is_utf8(port):
    status, body = exchange(port, request("POST", "/routed/%E4%B8%AD"))
    assert (status, json.loads(body)["path"]) == (200, "/routed/中")


def test_rfc9449_section_4_3_check_1_two_proofs_are_visible_as_one_that_cannot_be_valid(port):
    _, body = exchange(port, request("GET", "/hot", b"DPoP: a.b.c", b"DPoP: d.e.f"))
    assert json.loads(body)["dpop"] == "a.b.c,d.e.f"
