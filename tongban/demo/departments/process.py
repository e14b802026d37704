"""What every sample department's process has in common: its arguments, its world, a health address, a clean stop."""

from __future__ import annotations

import argparse
import hmac
import json
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any

OUT_OF_SERVICE = "out-of-service"
"""While a file of this name lies in the department's folder its system answers 503, as in a maintenance window."""


@dataclass(frozen=True)
class Place:
    """Where a department runs: its address, its own folder, and the synthetic world it holds a part of."""

    host: str
    port: int
    folder: Path
    world: Mapping[str, Any]


def place(arguments: list[str] | None = None) -> Place:
    """Parse ``--host`` (this machine only by default), ``--port``, ``--folder`` and ``--world`` (a JSON file)."""
    parser = argparse.ArgumentParser(description="A sample department of the Tongban demonstration.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--world", type=Path, required=True)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    return Place(given.host, given.port, given.folder, json.loads(given.world.read_text(encoding="utf-8")))


Answer = tuple[int, Any]
Handler = Callable[[str, Mapping[str, str], Any], Answer]
"""(path, headers, JSON body or None) → (status, JSON value)."""


def serve(here: Place, handler: Handler) -> None:
    """Answer JSON until the process is told to stop; ``/healthz`` is always there."""

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes; the second must not wait for an acknowledgement

        def do_GET(self) -> None:
            self.answer(None)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                self.answer(json.loads(body))
            except ValueError:
                self.send(400, {"error": "the body is not JSON"})

        def answer(self, body: Any) -> None:
            if self.path == "/healthz":
                self.send(200, {"status": "ok"})
            elif (here.folder / OUT_OF_SERVICE).exists():
                self.send(503, {"error": "out of service"})
            else:
                self.send(*handler(self.path, dict(self.headers.items()), body))

        def send(self, status: int, value: Any) -> None:
            data = json.dumps(value, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Request lines are not written: the demonstration's terminal is for the story."""

    server = ThreadingHTTPServer((here.host, here.port), Requests)
    server.daemon_threads = True
    stop_cleanly()
    server.serve_forever()


def stop_cleanly() -> None:
    """Leave with 0 on SIGTERM, as a service manager expects."""

    def leave(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)


def has_key(here: Place, headers: Mapping[str, str]) -> bool:
    """Whether a caller has the key that this department handed to a partner."""
    key = (here.folder / "partner-key").read_text(encoding="utf-8").strip()
    return hmac.compare_digest(headers.get("X-Api-Key", ""), key)


def nothing_here(_path: str, _headers: Mapping[str, str], _body: Any) -> Answer:
    """The handler of a department whose system is a database or a folder, not an HTTP service."""
    return 404, {"error": "this department answers through its database or its file drop"}
