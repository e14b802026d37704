"""The wide door: Flask, for routes with parameters, for pages, and for whatever the fast path does not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from kernel.problems import (
    MALFORMED_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    Problem,
)
from kernel.web.errors import answer_error
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.routes import Route
from kernel.web.security import PAGE_HEADERS
from kernel.web.serving import Server

_ROUTE_PREFIX = "route "
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_KINDS = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 413: TOO_LARGE, 415: UNSUPPORTED_MEDIA_TYPE}
RenderProblem = Callable[[Problem, HttpRequest], HttpResponse]


class ServiceFlask(Flask):
    """Flask whose views may return an `HttpResponse`."""

    def make_response(self, rv: Any) -> Response:
        """As Flask's, and neutral responses too."""
        return super().make_response(to_flask(rv) if isinstance(rv, HttpResponse) else rv)


def build_flask(
    name: str,
    server: Server,
    routes: Sequence[Route],
    blueprints: Sequence[Blueprint],
    *,
    secret_key: bytes,
    https: bool,
    max_body: int,
) -> Flask:
    """The Flask application of one service: every route, every page, one way to fail."""
    app = ServiceFlask(name, static_folder=None)
    app.url_map.merge_slashes = False  # a redirect would replay credentials at another address
    app.config.update(cookie_settings(name, https=https), MAX_CONTENT_LENGTH=max_body)
    app.secret_key = secret_key
    for route in routes:
        _add(app, server, route)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    _hook(app, server)
    return app


def cookie_settings(name: str, *, https: bool) -> dict[str, Any]:
    """Session cookie flags; the name differs by service, because cookies do not tell ports apart (RFC 6265 §8.5)."""
    return {
        "SESSION_COOKIE_NAME": f"__Host-{name}-session" if https else f"{name}-session",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
    }


def _add(app: Flask, server: Server, route: Route) -> None:
    def view(**parameters: str) -> Response:
        g.served = True
        return to_flask(server.serve(route, request.environ, parameters))

    endpoint = f"{_ROUTE_PREFIX}{route.method} {route.path}".replace(".", "·")  # Flask keeps dots for blueprints
    app.add_url_rule(route.path, endpoint, view, methods=[route.method])


def to_flask(response: HttpResponse) -> Response:
    """A neutral response as Flask's; no Content-Type is invented for an empty body."""
    answer = Response(response.body, response.status)
    if response.header("content-type"):
        del answer.headers["Content-Type"]
    elif not response.body:
        answer.headers.pop("Content-Type", None)
    answer.headers.extend(response.headers)
    return answer


def _hook(app: Flask, server: Server) -> None:
    app.before_request(lambda: _receive(server))
    app.after_request(lambda response: _finish(server, response))
    app.register_error_handler(Exception, lambda error: _fail(app, server, error))


def is_route() -> bool:
    """Whether the current request is for the route table rather than for a page."""
    return (request.endpoint or "").startswith(_ROUTE_PREFIX)


def current_request(server: Server) -> HttpRequest:
    """The current Flask request as a neutral value; the body is kept for Flask's own form parser."""
    return server.intake.request(request.environ, request.get_data(cache=True))


def _receive(server: Server) -> None:
    g.started = perf_counter()
    if not is_route():
        g.received = server.intake.request(request.environ)
        server.intake.check(request.environ)
        g.received = current_request(server)


def _finish(server: Server, response: Response) -> Response:
    if g.get("served"):
        return response
    for name, value in PAGE_HEADERS if response.mimetype == "text/html" else ():
        response.headers.setdefault(name, value)
    response.headers.extend(server.security.missing(tuple(response.headers.items())))
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in _METHODS else "OTHER"  # a label must not be the caller's to choose
    server.observe(method, route, response.status_code, perf_counter() - g.started)
    return response


def _fail(app: Flask, server: Server, error: Exception) -> HttpResponse | HTTPException:
    if isinstance(error, RequestRedirect):
        return error
    problem = from_http_exception(error) if isinstance(error, HTTPException) else error
    received: HttpRequest = g.get("received") or server.intake.request(request.environ)
    return answer_error(problem, received, server.translate, "page")


def from_http_exception(error: HTTPException) -> Problem:
    """Werkzeug's exception as a problem; an `Allow` header is kept."""
    kind = _KINDS.get(error.code or 500, MALFORMED_REQUEST)
    allowed = getattr(error, "valid_methods", None)
    headers = (("Allow", ", ".join(sorted(allowed))),) if allowed else ()
    return Problem(kind, headers=headers)
