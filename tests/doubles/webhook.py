"""A subscriber's webhook: a real server on loopback that keeps what it was sent and answers as a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Handler(BaseHTTPRequestHandler):
    """Answers what its server's ``answer`` gives for the number of the request."""

    protocol_version = "HTTP/1.1"
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.seen.append((dict(self.headers), body))
            number = len(self.server.seen)
        status = self.server.answer(number)
        self.send_response(status)
        if status in (301, 302, 307):
            self.send_header("Location", f"{self.server.url}elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests keep quiet."""


class Webhook(ThreadingHTTPServer):
    """The server; ``seen`` holds headers and body of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.lock = threading.Lock()
        self.answer: Callable[[int], int] = lambda _number: 204
        self._thread = threading.Thread(target=lambda: self.serve_forever(poll_interval=0.02), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.shutdown()
        self.server_close()
