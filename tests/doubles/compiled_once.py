"""What is computed anew for every application, though it is the same each time, is computed once for a worker.

A service arranges its routes and describes its interface when it starts, and a template when it is first shown. A
suite starts three thousand services with the same few route tables and templates; all three results are pure functions
of the keys below, so a worker remembers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import fields
from operator import attrgetter
from typing import Any

from flask import Blueprint, Flask
from jinja2 import Environment
from werkzeug.routing import Map

import kernel.web.app
from kernel.web.flask_door import ServiceFlask, build_flask
from kernel.web.openapi import describe, openapi_route
from kernel.web.routes import Route

_maps: dict[Any, Map] = {}
_arranged: ContextVar[Map | None] = ContextVar("_arranged", default=None)
"""The addresses of the application that is being made, where one like it was made before."""
_documents: dict[Any, Any] = {}
_reference: dict[int, Route] = {}
_translate = Environment.compile
_templates: dict[Any, Any] = {}
_DESCRIBED = attrgetter(*(field.name for field in fields(Route) if field.name != "endpoint"))
"""All of a route but its endpoint, which no description mentions."""


def remember() -> None:
    """From now on; before the first application is made."""
    ServiceFlask.url_map_class = staticmethod(_addresses)  # type: ignore[assignment]
    ServiceFlask.add_url_rule = _added  # type: ignore[method-assign,assignment]
    kernel.web.app.build_flask = _built  # type: ignore[attr-defined]
    kernel.web.app.describe = _described  # type: ignore[attr-defined]
    kernel.web.app.openapi_route = _referred  # type: ignore[attr-defined]
    Environment.compile = _translated  # type: ignore[method-assign,assignment]


def _built(name: str, server: Any, routes: Sequence[Route], blueprints: Sequence[Blueprint], **words: Any) -> Flask:
    """Werkzeug's map of addresses knows views by name only: applications with the same routes can share it."""
    if any(blueprint.deferred_functions for blueprint in blueprints):  # it brings addresses of its own
        return build_flask(name, server, routes, blueprints, **words)
    key = (name, *((route.method, route.path, route.page) for route in routes))
    before = _arranged.set(_maps.get(key))
    try:
        app = build_flask(name, server, routes, blueprints, **words)
    finally:
        _arranged.reset(before)
    _maps.setdefault(key, app.url_map)
    return app


def _addresses(**words: Any) -> Map:
    return _arranged.get() or Map(**words)


def _added(
    app: ServiceFlask, rule: str, endpoint: str | None = None, view_func: Any = None, *details: Any, **options: Any
) -> None:
    if endpoint is not None and app.url_map is _arranged.get():
        app.view_functions[endpoint] = view_func
        return
    Flask.add_url_rule(app, rule, endpoint, view_func, *details, **options)


def _described(title: Any, routes: Sequence[Route], server: str = "", proofs: Any = None) -> Any:
    key = (title, server, repr(proofs), *map(_DESCRIBED, routes))
    told = _documents.get(key)
    if told is None:
        told = _documents[key] = describe(title, routes, server, proofs)
    return told


def _referred(document: Any) -> Route:
    """The route of a description that is remembered above for as long as the worker lives."""
    number = id(document)
    if number not in _reference:
        _reference[number] = openapi_route(document)
    return _reference[number]


def _translated(environment: Environment, source: Any, *details: Any, **named: Any) -> Any:
    """Jinja's code of a template: filters, tests and globals are known by name only and asked of the environment."""
    key = (type(environment), *sorted(environment.filters), source, details, *sorted(named.items()))
    if key not in _templates:
        _templates[key] = _translate(environment, source, *details, **named)
    return _templates[key]
