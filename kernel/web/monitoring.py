"""/metrics: on its own port, or on the service's port for callers on the same machine only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING

from kernel.metrics import CONTENT_TYPE, Metrics
from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.headers import Environ
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.routes import Route

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

_SUMMARY = Text("Prometheus 指标（仅限本机）", "Prometheus metrics (callers on this machine only)")
_HEADERS = (("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store"))


def metrics_route(metrics: Metrics) -> Route:
    """The route on the service's own port; anyone but this machine is told that there is nothing."""

    def endpoint(request: HttpRequest) -> HttpResponse:
        if not _local(request):
            raise Problem(NOT_FOUND)
        return HttpResponse(200, metrics.render(), _HEADERS)

    return Route("GET", "/metrics", endpoint, "operator", _SUMMARY, tag="operations", response_type="text/plain")


def metrics_app(metrics: Metrics) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    """A WSGI application that answers every address with the metrics, for a port of its own."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        del environ
        start_response("200 OK", list(_HEADERS))
        return [metrics.render()]

    return application


def _local(request: HttpRequest) -> bool:
    """A proxy on this machine also connects from loopback, but what it passes on comes from elsewhere."""
    try:
        return not request.passed_on and ip_address(request.remote_addr).is_loopback
    except ValueError:
        return False
