"""Parameters at OAuth endpoints: each at most once, and a malformed form is answered in OAuth's words."""

from __future__ import annotations

from dataclasses import replace

from idp.errors import as_invalid_request
from kernel.problems import Problem
from kernel.web.http import HttpRequest


def form(request: HttpRequest) -> dict[str, str]:
    """The parameters of a POST. Raises InvalidRequestError (RFC 6749 §3.2: not repeated, urlencoded; A4)."""
    try:
        return _without_empty(_with_one_resource(request).form())
    except Problem as problem:
        raise as_invalid_request(problem) from None


def query_or_form(request: HttpRequest) -> dict[str, str]:
    """The parameters of a GET or POST (OpenID Connect Core 1.0 §3.1.2.1). Raises InvalidRequestError."""
    try:
        given = _with_one_resource(request)
        return _without_empty(given.form() if given.method == "POST" else given.parameters())
    except Problem as problem:
        raise as_invalid_request(problem) from None


def _with_one_resource(request: HttpRequest) -> HttpRequest:
    """RFC 8707 §2: `resource` alone may come several times. One that differs names no audience any more (T7)."""
    if request.query.count("resource=") < 2 and request.body.count(b"resource=") < 2:
        return request
    body = _joined(request.body.decode("ascii", "replace")).encode("ascii", "replace")
    return replace(request, query=_joined(request.query), body=body)


def _joined(encoded: str) -> str:
    """The same parameters with each different `resource` once, separated by a blank, which no URI holds."""
    pairs = encoded.split("&")
    values = dict.fromkeys(pair.removeprefix("resource=") for pair in pairs if pair.startswith("resource="))
    others = [pair for pair in pairs if not pair.startswith("resource=")]
    return "&".join([*others, *(["resource=" + "+".join(values)] if values else [])])


def _without_empty(parameters: dict[str, str]) -> dict[str, str]:
    """RFC 6749 §3.1: a parameter without a value is as if it had been left out."""
    return {name: value for name, value in parameters.items() if value}
