"""The small door: hot routes are answered here, everything else goes on to Flask (ADR 0004)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from flask import Flask

from kernel.metrics import Metrics
from kernel.web.headers import Environ
from kernel.web.routes import Route
from kernel.web.serving import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class WsgiApp:
    """A service as one WSGI callable. `flask` is the application behind it, `metrics` what both doors count in."""

    def __init__(self, flask: Flask, server: Server, hot: Mapping[tuple[str, str], Route], metrics: Metrics) -> None:
        """`hot` routes by (method, path); they are routes of `flask` too, so nothing depends on this shortcut."""
        self.flask = flask
        self.server = server
        self.metrics = metrics
        self._hot = hot

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        route = self._hot.get((environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")))
        if route is None:
            return self.flask(environ, start_response)
        return self.server.serve(route, environ)(environ, start_response)
