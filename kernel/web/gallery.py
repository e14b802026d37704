"""The component gallery: every part of the page kit on one page, with synthetic data; mounted only when asked for."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint

from kernel.web.http import HttpResponse
from kernel.web.pages import current_request, page_response
from kernel.web.same_site import SAFE_METHODS

_NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def gallery(path: str = "/gallery") -> Blueprint:
    """A blueprint with the gallery at `path` and its compact form below it."""
    blueprint = Blueprint("gallery", __name__)

    @blueprint.route(path, methods=["GET", "POST"])
    def show() -> HttpResponse:
        """Every component; a post shows the form with its errors."""
        return _page(compact=False)

    @blueprint.get(f"{path}/compact")
    def show_compact() -> HttpResponse:
        """The same in compact mode."""
        return _page(compact=True)

    return blueprint


def _page(*, compact: bool) -> HttpResponse:
    posted = current_request().method not in SAFE_METHODS
    return page_response("kit/gallery.html", compact=compact, has_errors=posted, now=_NOW)
