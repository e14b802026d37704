"""The page that carries an answer to a client as a form (OAuth 2.0 Form Post Response Mode §2)."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.web.http import HttpResponse
from kernel.web.pages import page_response


def form_post(action: str, fields: Mapping[str, str]) -> HttpResponse:
    """A form that a module of ours sends at once, and a button that sends it where scripts are off.

    ``action`` is a registered redirect_uri; everything is escaped by the template (A7). No token of ours goes along.
    """
    return page_response("idp/form_post.html", form_targets=(action,), action=action, fields=fields)
