"""The witness as a small process: two addresses, one request at a time, nothing else."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

from tongban.witness.protocol import LARGEST_BODY, Answer, Witness

PATIENCE = 10.0
"""Seconds for a whole request: a caller that drips keeps nobody else waiting for longer."""


def serve(witness: Witness, host: str, port: int) -> HTTPServer:
    """A server, bound and ready for ``serve_forever``. Raises OSError."""

    class Handler(BaseHTTPRequestHandler):
        """``POST /add-checkpoint`` and ``GET /<origin hash>/checkpoint``."""

        timeout = PATIENCE

        def do_POST(self) -> None:
            if urlsplit(self.path).path != "/add-checkpoint":
                self._send(Answer(404, "no such address\n"))
                return
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdecimal()) or int(length[:12]) > LARGEST_BODY:
                self._send(Answer(400, "Content-Length is missing or too large\n"))
                return
            self._send(witness.add(self.rfile.read(int(length))))

        def do_GET(self) -> None:
            parts = urlsplit(self.path).path.strip("/").split("/")
            known = len(parts) == 2 and parts[1] == "checkpoint"
            self._send(witness.newest(parts[0]) if known else Answer(404, "no such address\n"))

        def _send(self, answer: Answer) -> None:
            data = answer.body.encode()
            self.send_response_only(answer.status)  # without the versions of what it is made of
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Quiet: its state says what it did."""

    return HTTPServer((host, port), Handler)
