"""Social credit codes that were issued with a wrong check character: recorded by the operator, found by whoever asks.

Some early ones were (GB 32100-2015). The body of a request may name them in every room; what is read outside a request
takes them from the snapshot in force. Nothing is registered under them: neither the catalogue's organisations nor the
identity provider's people (ADR 0087).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import wraps
from typing import Any

from exchange.forms import RECORDED_CODES
from kernel.web.http import Endpoint, HttpRequest, HttpResponse
from kernel.web.routes import Route


def taking(codes: frozenset[str], routes: Sequence[Route]) -> tuple[Route, ...]:
    """The same routes; bodies that they read may name these companies."""
    if not codes:
        return tuple(routes)
    return tuple(replace(route, endpoint=_taking(codes, route.endpoint)) for route in routes)


def _taking(codes: frozenset[str], endpoint: Endpoint) -> Endpoint:
    @wraps(endpoint)
    def answered(http: HttpRequest, **places: Any) -> HttpResponse:
        before = RECORDED_CODES.set(codes)
        try:
            return endpoint(http, **places)
        finally:
            RECORDED_CODES.reset(before)

    return answered
