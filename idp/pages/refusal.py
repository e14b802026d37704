"""Answers to exceptions: OAuth's JSON for clients, a page for a person whose browser cannot be sent anywhere."""

from __future__ import annotations

from idp import errors
from idp.endpoints.addresses import AUTHORIZE, LOGOUT
from idp.errors import NotRedirected
from idp.interaction.flow import AlreadyFinished
from idp.interaction.visitor import SignInFirst
from idp.pages.problems import INTERACTION_GONE, SOON
from kernel.database import DatabaseUnavailable
from kernel.ledger.errors import LedgerUnavailable
from kernel.problems import DATABASE_UNAVAILABLE, LEDGER_UNAVAILABLE, Problem
from kernel.web.http import HttpRequest, HttpResponse, redirect
from kernel.web.pages import page_response, render_problem

_FOR_BROWSERS = frozenset({AUTHORIZE, LOGOUT})


def translate(error: Exception, request: HttpRequest) -> HttpResponse | None:
    """What an exception of this service is on the wire; None leaves it to the kernel's translator."""
    if isinstance(error, SignInFirst):
        return redirect(error.location)
    if isinstance(error, NotRedirected):
        return page_response("idp/refused.html", status=400, error=error.error, trace=request.trace.trace_id)
    if request.path in _FOR_BROWSERS:
        problem = _problem(error)
        return None if problem is None else render_problem(problem, request)
    return errors.translate(error)


def _problem(error: Exception) -> Problem | None:
    if isinstance(error, AlreadyFinished):
        return Problem(INTERACTION_GONE)
    if isinstance(error, DatabaseUnavailable):
        return Problem(DATABASE_UNAVAILABLE, headers=SOON)
    return Problem(LEDGER_UNAVAILABLE, headers=SOON) if isinstance(error, LedgerUnavailable) else None
