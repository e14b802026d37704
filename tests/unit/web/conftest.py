"""A small service to knock on, through either door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint
from werkzeug.test import Client

from kernel.entropy import SeededEntropy
from kernel.metrics import Metrics
from kernel.text import Text
from kernel.web.app import create_app
from kernel.web.fastpath import WsgiApp
from kernel.web.health import Health
from kernel.web.http import HttpRequest, HttpResponse, json_response
from kernel.web.routes import Route

WORDS = Text("测试", "test")


def route(endpoint: Callable[..., HttpResponse], method: str = "GET", path: str = "/thing", **more: Any) -> Route:
    """A route with the parts that do not matter filled in."""
    return Route(method, path, endpoint, more.pop("access", "anyone"), WORDS, **more)


def make_app(*routes: Route, **settings: Any) -> WsgiApp:
    """A service made of `routes`."""
    given: dict[str, Any] = {
        "health": Health({}),
        "metrics": Metrics(),
        "title": Text("测试服务", "Test service"),
        "secret_key": b"t" * 32,
        "entropy": SeededEntropy(7),
    }
    return create_app("test", routes=routes, **{**given, **settings})


def echo(request: HttpRequest, **parameters: str) -> HttpResponse:
    """Everything an endpoint can see."""
    return json_response(
        {
            "method": request.method,
            "path": request.path,
            "url": request.url,
            "query": request.query,
            "body": request.body.decode("latin-1"),
            "remote": request.remote_addr,
            "language": request.language,
            "trace": request.trace.trace_id,
            "certificate": len(request.client_certificate or b""),
            "headers": dict(request.headers),
            "parameters": parameters,
        }
    )


@pytest.fixture(params=["hot", "routed"])
def door(request: pytest.FixtureRequest) -> Callable[..., Client]:
    """A client of one endpoint, once behind the small door and once behind the wide one."""

    def open_door(endpoint: Callable[..., HttpResponse], method: str = "GET", **settings: Any) -> Client:
        hot = request.param == "hot"
        return Client(make_app(route(endpoint, method, hot=hot), **settings))

    return open_door


@pytest.fixture
def blueprint() -> Blueprint:
    """A place for page views."""
    return Blueprint("pages", __name__)
