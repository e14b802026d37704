"""The wide door: Flask, for routes with parameters, for pages, and for whatever the fast path does not know."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from time import perf_counter
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from kernel.logging import traced
from kernel.problems import (
    MALFORMED_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    Problem,
)
from kernel.text import Text
from kernel.web.errors import Render, answer_error, problem_response
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.pages import current_request, guard_page, register_kit, render_problem
from kernel.web.routes import Route
from kernel.web.same_site import FORM_EXPIRED
from kernel.web.serving import Server

_ROUTE_PREFIX = "route "
_KINDS = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 413: TOO_LARGE, 415: UNSUPPORTED_MEDIA_TYPE}


class ServiceFlask(Flask):
    """Flask whose views return neutral responses; Flask alone would add a media type to an empty body."""

    def make_response(self, rv: Any) -> Response:
        """As Flask's, with the headers of a neutral response exactly as they are."""
        return _exactly(rv) if isinstance(rv, HttpResponse) else super().make_response(rv)


def _exactly(neutral: HttpResponse) -> Response:
    response = Response(neutral.body, neutral.status)
    del response.headers["Content-Type"]
    response.headers.extend(neutral.headers)
    return response


def build_flask(
    name: str,
    server: Server,
    routes: Sequence[Route],
    blueprints: Sequence[Blueprint],
    *,
    title: Text,
    secret_key: bytes,
    https: bool,
    max_body: int,
) -> Flask:
    """The Flask application of one service: every route, every page, one way to fail."""
    app = ServiceFlask(name, static_folder=None)
    app.url_map.merge_slashes = False  # a redirect would replay credentials at another address
    app.config.update(cookie_settings(name, https=https), MAX_CONTENT_LENGTH=max_body)
    app.secret_key = secret_key
    _hook(app, server)
    kit = register_kit(app, title)
    for route in (*routes, *kit.files.routes()):
        _add(app, server, route)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
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
    def served(**parameters: str) -> HttpResponse:
        g.served = True
        return server.serve(route, request.environ, parameters)

    def shown(**parameters: str) -> HttpResponse:
        received = current_request()
        with traced(received.trace.trace_id):
            return route.endpoint(received, **parameters)

    name = f"{route.method} {route.path}".replace(".", "·")  # Flask keeps dots for blueprints
    view, prefix = (shown, "page ") if route.page else (served, _ROUTE_PREFIX)
    app.add_url_rule(route.path, prefix + name, view, methods=[route.method])


def _hook(app: Flask, server: Server) -> None:
    app.before_request(lambda: _receive(app, server))
    app.after_request(lambda response: _finish(server, response))
    app.register_error_handler(Exception, lambda error: _fail(server, error))


def is_route() -> bool:
    """Whether the current request is for the route table rather than for a page."""
    return (request.endpoint or "").startswith(_ROUTE_PREFIX)


def _receive(app: Flask, server: Server) -> None:
    """Before anything else of a page: bound and decode the request, then ask who made the browser send it."""
    g.started = perf_counter()
    if is_route():
        return
    environ = request.environ
    g.received = server.intake.request(environ)
    g.received = server.intake.read(environ)
    # What was read is put back for Flask's own form parser.
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(g.received.body), str(len(g.received.body))
    if request.endpoint is not None:
        guard_page(app)


def _finish(server: Server, response: Response) -> Response:
    if g.get("served"):
        return response
    response.headers.extend(server.security.missing(tuple(response.headers.items())))
    route = request.url_rule.rule if request.url_rule else None
    server.observe(route, response.status_code, perf_counter() - g.started)
    return response


def _fail(server: Server, error: Exception) -> HttpResponse:
    received: HttpRequest = g.get("received") or server.intake.request(request.environ)
    where = request.endpoint or "unmatched"
    return answer_error(_known(error), received, server.translate, where, _renderer())


def _renderer() -> Render:
    """People get a page, programs get a problem: whoever names text/html gets the former."""
    wants_page = not is_route() and "text/html" in request.headers.get("Accept", "")
    return render_problem if wants_page else problem_response


def _known(error: Exception) -> Exception:
    if isinstance(error, CSRFError):
        return Problem(FORM_EXPIRED)
    return from_http_exception(error) if isinstance(error, HTTPException) else error


def from_http_exception(error: HTTPException) -> Problem:
    """Werkzeug's exception as a problem; an `Allow` header is kept."""
    kind = _KINDS.get(error.code or 500, MALFORMED_REQUEST)
    allowed = error.valid_methods if isinstance(error, MethodNotAllowed) else None
    return Problem(kind, headers=(("Allow", ", ".join(sorted(allowed))),) if allowed else ())
