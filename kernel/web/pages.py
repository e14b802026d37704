"""The page kit: templates, components and guards that every page of both services stands on (ADR 0005)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import cast

from flask import Flask, g, render_template
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from kernel.dates import date_text, time_text
from kernel.problems import Problem
from kernel.text import Text
from kernel.web.bound_forms import FormTokens, form_token
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.passages import with_languages
from kernel.web.preferences import preferences, remember, switch_url
from kernel.web.same_site import check_same_site
from kernel.web.security import page_policy
from kernel.web.static_files import STATIC, StaticFiles

_EXTENSION = "tongban-kit"
_HTML = "text/html; charset=utf-8"


class Kit:
    """What one Flask application knows about its pages."""

    def __init__(self, service_name: Text) -> None:
        """`service_name` stands in the header of every page."""
        self.service_name = service_name
        self.files = StaticFiles(STATIC)
        self.csrf = FormTokens()


def register_kit(app: Flask, service_name: Text) -> Kit:
    """Give `app` the templates, components and guards; a second call only changes the service's name."""
    kit: Kit | None = app.extensions.get(_EXTENSION)
    if kit is not None:
        kit.service_name = service_name
        return kit
    kit = app.extensions[_EXTENSION] = Kit(service_name)
    _configure_forms(app, kit)
    _configure_templates(app, kit)
    app.after_request(remember)
    return kit


def _configure_forms(app: Flask, kit: Kit) -> None:
    # The guard below calls `protect` itself, for pages only: routes of the table are not authorised by cookies. The
    # form's token lives as long as the web session; who sent it is checked by `check_same_site`, not by Referer.
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    kit.csrf.init_app(app)


def _configure_templates(app: Flask, kit: Kit) -> None:
    app.jinja_env.loader = ChoiceLoader(
        [
            app.jinja_env.loader or app.create_global_jinja_loader(),
            PackageLoader("kernel.web"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    app.jinja_env.globals.update(t=t, asset=kit.files.url, preferences=preferences, switch_url=switch_url)
    app.jinja_env.globals.update(form_token=form_token)
    app.jinja_env.globals["service_name"] = lambda: kit.service_name
    app.jinja_env.filters.update(day=day, moment=moment)


def guard_page(app: Flask) -> None:
    """Refuse a page request from another site or without the form's token. Raises Problem, CSRFError."""
    check_same_site(current_request())
    cast("Kit", app.extensions[_EXTENSION]).csrf.protect()


def current_request() -> HttpRequest:
    """The current page request as a neutral value, with strict `form()` and `parameters()`."""
    return cast("HttpRequest", g.received)


def t(zh: str | Text, en: str = "") -> str:
    """The words for the current reader; takes a pair of strings or a `Text`."""
    text = zh if isinstance(zh, Text) else Text(zh, en)
    return text.in_(preferences().language)


def day(value: date | datetime | str) -> str:
    """Template filter: a date for the current reader."""
    return date_text(value, preferences().language)


def moment(value: datetime) -> str:
    """Template filter: date and time for the current reader."""
    return time_text(value, preferences().language)


def page_response(
    template: str,
    *,
    status: int = 200,
    form_targets: Sequence[str] = (),
    frames: Sequence[str] = (),
    **context: object,
) -> HttpResponse:
    """A page, for an endpoint or a blueprint's view to return; only within a request that came through Flask.

    `form_targets`: addresses elsewhere that a form of this page ends at, such as a client's redirect_uri.
    `frames`: addresses elsewhere that the page loads in frames; the template finds them under the same name.
    """
    page = render_template(template, frames=frames, **context)
    body = (with_languages(page) if preferences().language == "en" else page).encode("utf-8")
    headers = (("Content-Type", _HTML), ("Content-Language", preferences().language_tag))
    policy = (("Content-Security-Policy", page_policy(form_targets, frames)),) if form_targets or frames else ()
    return HttpResponse(status, body, headers + policy)


def render_problem(problem: Problem, received: HttpRequest) -> HttpResponse:
    """The error page for `problem`: what happened, what to do now, and the number to quote."""
    page = page_response("kit/problem.html", status=problem.kind.status, problem=problem, trace=received.trace.trace_id)
    return page.adding(*problem.headers)
