"""Holds every answer that a test sees to the published description: its status, and what kind of body comes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kernel.text import Text
from kernel.web.headers import Environ
from kernel.web.http import HttpResponse
from kernel.web.openapi import describe
from kernel.web.routes import Route
from kernel.web.serving import Server


def hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on an answer that the description of its route does not know fails the test."""
    served = Server.serve

    def serve(server: Server, route: Route, environ: Environ, *parameters: Any) -> HttpResponse:
        response = served(server, route, environ, *parameters)
        if route.tag and route.documented and not route.page:  # samples of a test's own bear no tag
            assert is_described(route, response), f"{route.method} {route.path}: {response.status} {kind(response)}"
        return response

    monkeypatch.setattr(Server, "serve", serve)


def is_described(route: Route, response: HttpResponse) -> bool:
    """Whether a reader of the description would expect this; what it only knows by default is a refusal."""
    if response.status == 304:  # RFC 9110 §15.4.5: in place of any answer that bears a tag
        return True
    known = responses(route)
    found = known.get(str(response.status)) or (known["default"] if response.status >= 400 else None)
    if found is None:
        return False
    return not response.body or response.status == 303 or kind(response) in found.get("content", {})


def kind(response: HttpResponse) -> str:
    """The media type of a body, without its parameters."""
    return (response.header("Content-Type") or "").partition(";")[0]


_KNOWN: dict[int, tuple[Route, Mapping[str, Any]]] = {}
"""By the route itself, which is held: not every endpoint has a hash."""


def responses(route: Route) -> Mapping[str, Any]:
    """What the description says of a route, with what it refers to."""
    if id(route) not in _KNOWN:
        _KNOWN[id(route)] = route, _described(route)
    return _KNOWN[id(route)][1]


def _described(route: Route) -> Mapping[str, Any]:
    document = describe(Text("x", "x"), [route])
    said = document["paths"][route.template][route.method.lower()]["responses"]
    known = document["components"]["responses"]
    return {status: known[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for status, each in said.items()}
