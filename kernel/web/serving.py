"""The one function behind both doors: run an endpoint, translate what it raises, measure, add security headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from types import MappingProxyType

from kernel.logging import traced
from kernel.web.errors import Translate, answer_error
from kernel.web.headers import Environ
from kernel.web.http import HttpResponse
from kernel.web.intake import Intake
from kernel.web.routes import Route
from kernel.web.security import SecurityHeaders

Observe = Callable[[str | None, int, float], None]
"""observe(route pattern or None where nothing matched, status, seconds)"""

_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})


class Server:
    """Serves routes; holds what every request needs and nothing of any one request."""

    def __init__(self, intake: Intake, security: SecurityHeaders, translate: Translate, observe: Observe) -> None:
        """All parts are given; the server makes none itself."""
        self.intake = intake
        self.security = security
        self.translate = translate
        self.observe = observe

    def serve(self, route: Route, environ: Environ, parameters: Mapping[str, str] = _NO_PARAMETERS) -> HttpResponse:
        """The finished answer of `route` to the request in `environ`. Raises nothing."""
        started = perf_counter()
        response = self._run(route, environ, parameters)
        self.observe(route.path, response.status, perf_counter() - started)
        return self.security.secure(response)

    def _run(self, route: Route, environ: Environ, parameters: Mapping[str, str]) -> HttpResponse:
        try:
            request = self.intake.read(environ)
        except Exception as error:  # noqa: BLE001 - the outermost door: every failure gets an answer
            return answer_error(error, self.intake.request(environ), self.translate, route.path)
        try:
            with traced(request.trace.trace_id):
                return route.endpoint(request, **parameters)
        except Exception as error:  # noqa: BLE001 - as above
            return answer_error(error, request, self.translate, route.path)
