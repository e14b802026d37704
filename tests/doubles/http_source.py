"""A department's HTTP service as tests need it: real sockets on loopback, records by subject, and every bad habit."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit
from xml.etree import ElementTree

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers by the behaviour its server has at the moment."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go out in two writes; do not wait for an acknowledgement
    server: HttpSource

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        segment = unquote(parts.path.removeprefix("/people/")) if parts.path.startswith("/people/") else ""
        named = parse_qs(parts.query).get("id", [""])[0]
        header = self.headers.get("X-Person", "").encode("latin-1").decode()  # http.server reads headers as Latin-1
        self._serve(segment or named or header, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._serve(_asked_for(body, self.headers.get("Content-Type", "")), body)

    def answer(self, body: bytes, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _serve(self, subject: str, body: bytes) -> None:
        self.subject = subject
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        self.server.behaviour(self)

    def log_message(self, *_: object) -> None:
        """Tests keep quiet."""


def _asked_for(body: bytes, kind: str) -> str:
    """Whom a body asks about; nobody in a form, which goes to a token endpoint."""
    if kind == "application/json":
        return str(json.loads(body).get("id", ""))
    return ElementTree.fromstring(body).findtext("{urn:people}id", "") if "xml" in kind else ""


class HttpSource(ThreadingHTTPServer):
    """The service. `behaviour` may be replaced at any time; `seen` lists method, path, headers and body."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self, records: Mapping[str, Sequence[Mapping[str, Any]]] | None = None, tls: ssl.SSLContext | None = None
    ):
        super().__init__(("127.0.0.1", 0), Handler)
        self.records = dict(records or {})
        self.behaviour: Behaviour = by_subject
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections = 0
        self.sent = 0
        self.released = threading.Event()
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self._thread = threading.Thread(target=lambda: self.serve_forever(poll_interval=0.02), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get_request(self) -> Any:
        taken = super().get_request()
        self.connections += 1
        return taken

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what some tests are about."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()


def by_subject(handler: Handler) -> None:
    found = handler.server.records.get(handler.subject)
    if found is None:
        handler.answer(b'{"message": "no such person"}', 404)
    else:
        handler.answer(json.dumps({"data": found}, ensure_ascii=False).encode())


def by_subject_in_xml(handler: Handler) -> None:
    """One element a record, whose fields are named by an attribute; written by another library than ours reads with."""
    found = handler.server.records.get(handler.subject)
    root = ElementTree.Element("{urn:people}people")
    for record in found or ():
        person = ElementTree.SubElement(root, "{urn:people}person")
        for name, value in record.items():
            ElementTree.SubElement(person, "{urn:people}field", name=name).text = value
    kind = ("Content-Type", "application/xml; charset=utf-8")
    handler.answer(ElementTree.tostring(root, encoding="utf-8"), 404 if found is None else 200, [kind])


def by_subject_in_pages(handler: Handler) -> None:
    """One record a page, in every way of asking for the next: number, offset, cursor, link."""
    parts = urlsplit(handler.path)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    found = handler.server.records.get(handler.subject)
    at = int(asked.get("cursor", asked.get("offset", int(asked.get("page", "1")) - 1)))
    if found is None:
        handler.answer(b"", 404)
        return
    more = at + 1 < len(found)
    following = urlencode({"id": handler.subject, "cursor": str(at + 1)})
    links = [("Link", f'<{parts.path}?{following}>; rel="next"')] if more else []
    body = {"data": [*found[at : at + 1]], "next": str(at + 1) if more else None}
    handler.answer(json.dumps(body, ensure_ascii=False).encode(), headers=links)


def hang(handler: Handler) -> None:
    handler.server.released.wait(20)


def drip(handler: Handler) -> None:
    """One byte a second, as attack case K6 has it; the first at once."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.released.wait(1):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def flooding(size: int) -> Behaviour:
    """So many bytes, made as they are sent."""

    def behave(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        block = b" " * 65536
        for _ in range(size // len(block)):
            handler.wfile.write(b"%x\r\n" % len(block) + block + b"\r\n")
            handler.server.sent += len(block)
        handler.wfile.write(b"0\r\n\r\n")

    return behave


flood = flooding(2 << 30)
"""Two gigabytes."""


def saying(body: bytes, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Behaviour:
    return lambda handler: handler.answer(body, status, headers)


def cut_off(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"data": ')
    handler.close_connection = True


def slowly(seconds: float) -> Behaviour:
    def behave(handler: Handler) -> None:
        time.sleep(seconds)
        by_subject(handler)

    return behave
