"""/metrics: on its own port, or on the service's port for callers on the same machine only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from socket import AF_INET, AF_INET6
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

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


def serve_metrics(metrics: Metrics, listen: str) -> Callable[[], None]:
    """Serve the metrics at every path of `listen` ('host:port'), from a thread of their own; returns what stops it.

    Several workers may listen at one address; each scrape then meets one of them. Raises OSError when it is taken by
    somebody else, ValueError when it is no address.
    """
    host, _, port = listen.rpartition(":")
    server = make_server(host.strip("[]"), int(port), _application(metrics), _Listener, _Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return stop


class _Listener(WSGIServer):
    """One address for all workers of a service."""

    allow_reuse_port = True

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        super().__init__(address, handler)


class _Quiet(WSGIRequestHandler):
    timeout = 5  # seconds; a scraper that says nothing must not hold the thread

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing: a scrape every few seconds is no news."""


def _application(metrics: Metrics) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return HttpResponse(200, metrics.render(), _HEADERS)(environ, start_response)

    return application


def _local(request: HttpRequest) -> bool:
    """A proxy on this machine also connects from loopback, but what it passes on comes from elsewhere."""
    try:
        return not request.passed_on and ip_address(request.remote_addr).is_loopback
    except ValueError:
        return False
