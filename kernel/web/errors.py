"""One translator from exceptions to the wire: RFC 9457 problems in the caller's language, nothing internal in them."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import orjson

from kernel.logging import logger
from kernel.problems import INTERNAL, MEDIA_TYPE, Problem
from kernel.web.http import HttpRequest, HttpResponse

Translate = Callable[[Exception, HttpRequest], HttpResponse | None]
"""A service's own answers, e.g. OAuth's error object; None leaves the exception to the translator below."""
Render = Callable[[Problem, HttpRequest], HttpResponse]

_LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en"}


def untranslated(error: Exception, request: HttpRequest) -> None:
    """The `Translate` of a service without answers of its own."""
    del error, request


def problem_response(problem: Problem, request: HttpRequest) -> HttpResponse:
    """`problem` as application/problem+json in the language the request asks for."""
    language = request.language
    headers = (
        ("Content-Type", MEDIA_TYPE),
        ("Content-Language", _LANGUAGE_TAGS[language]),
        ("Vary", "Accept-Language"),
        *problem.headers,
    )
    return HttpResponse(problem.kind.status, orjson.dumps(problem.to_json(language, request.trace.trace_id)), headers)


def answer_error(
    error: Exception, request: HttpRequest, translate: Translate, route: str, render: Render = problem_response
) -> HttpResponse:
    """The response for `error`: the service's own, the problem itself, or 500 with the trace id and a log line."""
    own = _own_answer(error, request, translate)
    return own if own is not None else _rendered(as_problem(error, request, route), request, render)


def _rendered(problem: Problem, request: HttpRequest, render: Render) -> HttpResponse:
    try:
        return render(problem, request)
    except Exception as failure:  # noqa: BLE001 - an error page that fails must not take the answer away
        log_unexpected(failure, request, "error page")
        return problem_response(problem, request)


def as_problem(error: Exception, request: HttpRequest, route: str) -> Problem:
    """`error` if it is a problem; otherwise an internal one, logged by its trace id."""
    if isinstance(error, Problem):
        return error
    log_unexpected(error, request, route)
    return Problem(INTERNAL)


def _own_answer(error: Exception, request: HttpRequest, translate: Translate) -> HttpResponse | None:
    try:
        return translate(error, request)
    except Exception as failure:  # noqa: BLE001 - a faulty translation must not take the answer away
        log_unexpected(failure, request, "translate")
        return None


def log_unexpected(error: Exception, request: HttpRequest, route: str) -> None:
    """Log where it happened, never what was in it: an exception's message may quote a record or a token."""
    logger("web").error(
        "request_failed_unexpectedly",
        exception=type(error).__qualname__,
        at=frames(error),
        method=request.method,
        route=route,
        trace_id=request.trace.trace_id,
    )


def frames(error: BaseException, limit: int = 8) -> list[str]:
    """The innermost frames as 'file:line function', without source text or values."""
    summary = traceback.extract_tb(error.__traceback__)[-limit:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in summary]
