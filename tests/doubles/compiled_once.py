"""What is computed anew for every application, though it is the same each time, is computed once for a worker.

A service compiles its routes and describes its interface when it starts, and a template when it is first shown. A
suite starts three thousand services with the same few route tables and templates; all three results are pure functions
of the keys below, so a worker remembers them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from jinja2 import Environment
from werkzeug.routing import Rule

import kernel.web.app
from kernel.web.openapi import describe
from kernel.web.routes import Route

_compile = Rule._compile_builder
_builders: dict[Any, Callable[..., tuple[str, str]]] = {}
_documents: dict[Any, Any] = {}
_translate = Environment.compile
_templates: dict[Any, Any] = {}
_DESCRIBED = [field.name for field in fields(Route) if field.name != "endpoint"]
"""All of a route but its endpoint, which no description mentions."""


def remember() -> None:
    """From now on; before the first application is made."""
    Rule._compile_builder = _compiled  # type: ignore[method-assign]
    kernel.web.app.describe = _described  # type: ignore[attr-defined]
    Environment.compile = _translated  # type: ignore[method-assign,assignment]


def _compiled(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """Werkzeug's function that writes a rule's addresses: it asks the rule it is bound to for converters, and holds
    nothing else of it but its trace and defaults.
    """
    kinds = tuple((name, type(converter)) for name, converter in rule._converters.items())
    key = (type(rule), rule.rule, tuple(rule._trace), kinds, repr(rule.defaults), append_unknown)
    if key not in _builders:
        _builders[key] = _compile(rule, append_unknown)
    return _builders[key]


def _described(title: Any, routes: Sequence[Route], server: str = "", proofs: Any = None) -> Any:
    told = tuple(tuple(getattr(route, name) for name in _DESCRIBED) for route in routes)
    key = (title, told, server, repr(proofs))
    if key not in _documents:
        _documents[key] = describe(title, routes, server, proofs)
    return _documents[key]


def _translated(environment: Environment, source: Any, *details: Any, **named: Any) -> Any:
    """Jinja's code of a template: filters, tests and globals are known by name only and asked of the environment."""
    key = (type(environment), *sorted(environment.filters), source, details, *sorted(named.items()))
    if key not in _templates:
        _templates[key] = _translate(environment, source, *details, **named)
    return _templates[key]
