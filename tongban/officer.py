"""An officer at the command line: signs in with the browser (RFC 8252), then calls the exchange in their own name.

The command listens on a loopback port for the answer, so no password ever passes through it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kernel.clock import Clock
from kernel.entropy import Entropy
from tongban.client import Client, Refused

CLIENT_ID = "tongban-command"
CALLBACK = "http://127.0.0.1/callback"
"""As registered; RFC 8252 §7.3 lets the port differ."""


WAIT_SECONDS = 300.0


class SignInFailed(Exception):
    """The browser came back without a code."""


class OfficerSession:
    """One officer, signed in."""

    def __init__(self, client: Client, exchange: str, access_token: str) -> None:
        self.client, self.exchange, self._access_token = client, exchange, access_token

    @classmethod
    def open(
        cls, issuer: str, exchange: str, visit: Callable[[str], None], *, clock: Clock, entropy: Entropy
    ) -> OfficerSession:
        """Sign in: ``visit`` takes the officer to the address (a browser); raises SignInFailed or Refused."""
        client = Client(issuer, CLIENT_ID, clock=clock, entropy=entropy)
        with Callback() as callback:
            wanted = {"scope": "openid governance", "resource": exchange, "acr_values": "urn:tongban:loa:3"}
            pushed = client.push(wanted, callback.address)
            visit(pushed.location)
            answer = callback.wait()
        if answer.get("state") != pushed.state or answer.get("iss") != issuer or "code" not in answer:
            raise SignInFailed(answer.get("error_description") or answer.get("error") or "no code came back")
        tokens = client.redeem(answer["code"], pushed.verifier, callback.address)
        return cls(client, exchange, tokens["access_token"])

    def get(self, path: str) -> dict[str, Any]:
        """Read something at the exchange."""
        return self.client.call("GET", self.exchange + path, self._access_token)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Command something at the exchange."""
        return self.client.call("POST", self.exchange + path, self._access_token, dict(body))


class Callback:
    """A loopback address that takes exactly one authorization response."""

    def __enter__(self) -> Callback:
        answers: list[dict[str, str]] = []

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if urlsplit(self.path).path == "/callback":
                    answers.append({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.end_headers()
                self.wfile.write("可以关闭此页，回到终端。/ You may close this page.".encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """The address holds the code: it is not written anywhere."""

        self._answers = answers
        self._server = HTTPServer(("127.0.0.1", 0), Answer)
        self._server.timeout = 1.0
        self.address = CALLBACK.replace("127.0.0.1", f"127.0.0.1:{self._server.server_port}")
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.server_close()

    def wait(self) -> dict[str, str]:
        """The answer, as soon as the browser brings it; raises SignInFailed after five minutes."""
        limit = time.monotonic() + WAIT_SECONDS
        while not self._answers and time.monotonic() < limit:
            self._server.handle_request()
        if not self._answers:
            raise SignInFailed("nobody signed in within five minutes")
        return self._answers[0]


__all__ = ["CALLBACK", "CLIENT_ID", "OfficerSession", "Refused", "SignInFailed"]
