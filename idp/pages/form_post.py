"""Pages that carry something on as a form: an answer to a client, or a request from another site to ourselves."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.text import Text
from kernel.web.http import HttpResponse
from kernel.web.pages import page_response

_BACK = Text("正在返回部门网站", "Going back to the department’s website")
_ON = Text("正在继续您的请求", "Continuing with your request")


def form_post(action: str, fields: Mapping[str, str]) -> HttpResponse:
    """A form that a module of ours sends at once, and a button that sends it where scripts are off.

    OAuth 2.0 Form Post Response Mode §2. ``action`` is a registered redirect_uri; everything is escaped by the template
    (A7). No token of ours goes along.
    """
    return page_response("idp/form_post.html", form_targets=(action,), heading=_BACK, action=action, fields=fields)


def sent_on(action: str, fields: Mapping[str, str], ends_at: str | None) -> HttpResponse:
    """The same to an address of ours. Browsers apply `form-action` to the redirect that answers it, too (CSP 3)."""
    targets = () if ends_at is None else (ends_at,)
    return page_response("idp/form_post.html", form_targets=targets, heading=_ON, action=action, fields=fields)
