"""Civil registers for tests: one on paper, and one that answers over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from idp.proofing.verifier import Match, VerifierUnavailable
from kernel.identifiers.subject import SubjectRef


@dataclass
class PaperRegister:
    """Names by number. Silent when it is told to be."""

    names: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    name: str = "paper"
    asked: int = 0

    def match(self, name: str, subject: SubjectRef) -> Match | None:
        self.asked += 1
        if self.silent:
            raise VerifierUnavailable("nobody answers")
        return Match(f"ref-{self.asked}") if self.names.get(subject.value) == name else None


@dataclass
class HttpRegister:
    """A register's address, and what it saw. ``raw`` is answered instead when set."""

    address: str = ""
    names: dict[str, str] = field(default_factory=dict)
    raw: tuple[int, bytes] | None = None
    paths: list[str] = field(default_factory=list)


@contextmanager
def http_register() -> Iterator[HttpRegister]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.paths.append(self.path)
            right = state.names.get(asked["number"]) == asked.get("name")
            told = {"match": True, "reference": "R-1"} if right else {"match": False}
            status, body = state.raw or (200, json.dumps(told).encode())
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state = HttpRegister(f"http://127.0.0.1:{server.server_address[1]}/match")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()
