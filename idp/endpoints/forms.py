"""Parameters at OAuth endpoints: each at most once, and a malformed form is answered in OAuth's words."""

from __future__ import annotations

from idp.errors import as_invalid_request
from kernel.problems import Problem
from kernel.web.http import HttpRequest


def form(request: HttpRequest) -> dict[str, str]:
    """The parameters of a POST. Raises InvalidRequestError (RFC 6749 §3.2: not repeated, urlencoded; A4)."""
    try:
        return _without_empty(request.form())
    except Problem as problem:
        raise as_invalid_request(problem) from None


def query_or_form(request: HttpRequest) -> dict[str, str]:
    """The parameters of a GET or POST (OpenID Connect Core 1.0 §3.1.2.1). Raises InvalidRequestError."""
    try:
        return _without_empty(request.form() if request.method == "POST" else request.parameters())
    except Problem as problem:
        raise as_invalid_request(problem) from None


def _without_empty(parameters: dict[str, str]) -> dict[str, str]:
    """RFC 6749 §3.1: a parameter without a value is as if it had been left out."""
    return {name: value for name, value in parameters.items() if value}
