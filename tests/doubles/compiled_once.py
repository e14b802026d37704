"""What is computed anew for every application, though it is the same each time, is computed once for a worker.

A service compiles its routes and describes its interface when it starts, and a template when it is first shown. A
suite starts three thousand services with the same few route tables and templates; all three results are pure functions
of the keys below, so a worker remembers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from jinja2 import Environment
from werkzeug.routing import Rule

import kernel.web.app
from kernel.web.openapi import describe
from kernel.web.routes import Route

_compile = Rule.compile
_rules: dict[Any, Any] = {}
_documents: dict[Any, Any] = {}
_translate = Environment.compile
_templates: dict[Any, Any] = {}
_DESCRIBED = [field.name for field in fields(Route) if field.name != "endpoint"]
"""All of a route but its endpoint, which no description mentions."""


def remember() -> None:
    """From now on; before the first application is made."""
    Rule.compile = _compiled  # type: ignore[method-assign]
    kernel.web.app.describe = _described  # type: ignore[attr-defined]
    Environment.compile = _translated  # type: ignore[method-assign,assignment]


def _compiled(rule: Rule) -> None:
    """Werkzeug's parts, converters and writers of addresses: they hold nothing of the rule they were made for."""
    assert rule.map is not None
    place = rule.host if rule.map.host_matching else rule.subdomain
    key = (type(rule), rule.rule, place, rule.merge_slashes, repr(rule.defaults), *rule.map.converters.values())
    if key not in _rules:
        _compile(rule)
        builders = [build.__func__ for build in (rule._build, rule._build_unknown)]  # type: ignore[attr-defined]
        _rules[key] = (rule._parts, rule._trace, rule._converters, frozenset(rule.arguments), builders)
        return
    rule._parts, rule._trace, rule._converters, arguments, builders = _rules[key]
    rule.arguments = set(arguments)
    rule._build, rule._build_unknown = (build.__get__(rule, None) for build in builders)


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
