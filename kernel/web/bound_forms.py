"""Forms are bound to whom they were shown to: no form acts on the account of who signed in since, in another tab.

A page that knows its reader says so, for its own forms and for the one that was sent to it. The form's token then
carries a tag over both, which tells nothing of the reader. Forms that anybody fills in, such as signing in, have none.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import cast

from flask import current_app, g, request
from flask_wtf.csrf import CSRFProtect, generate_csrf

from kernel.problems import Fault, Problem, ProblemKind
from kernel.text import Text
from kernel.web.same_site import FORM_EXPIRED, SAFE_METHODS

FORM_OF_ANOTHER = ProblemKind(
    code="form.of-another",
    status=409,
    fault=Fault.CITIZEN,
    title=Text("现在登录的已经不是同一个人", "You are signed in as somebody else now"),
    next_step=Text(
        "没有更改任何内容。这张表单打开之后，本浏览器里登录的人已经变了。请重新打开页面，看清是谁的账户，再提交一次。",
        "Nothing was changed. Since this form was opened, somebody else has signed in in this browser. Open the page "
        "again, look whose it is, and send the form once more.",
    ),
)
_SEPARATOR = "~"
"""In no token of Flask-WTF's (RFC 4648 §5, and dots)."""


class FormTokens(CSRFProtect):  # type: ignore[misc]  # Flask-WTF ships no types
    """Flask-WTF's guard, which checks a token without its tag; whose form it is the page says, once it knows."""

    def _get_csrf_token(self) -> str | None:
        sent, _, g.form_tag = (super()._get_csrf_token() or "").partition(_SEPARATOR)
        g.sent_form_token = sent
        return sent or None


def form_token() -> str:
    """What a form of this page carries: the token, with the tag of its reader where the page has one."""
    token: str = generate_csrf()
    return f"{token}{_SEPARATOR}{_tag(token, g.form_reader)}" if "form_reader" in g else token


def forms_are_for(reader: str) -> None:
    """This page's forms are shown to ``reader``, and a form sent to it must have been.

    ``reader`` names whoever is signed in, by whatever tells them from everybody else; it is not shown. Raises Problem:
    form.of-another, and form.expired for a form without a tag: it was shown to nobody who was signed in.
    """
    if request.method not in SAFE_METHODS:
        _refuse_others(reader)
    g.form_reader = reader


def _refuse_others(reader: str) -> None:
    if not g.form_tag:
        raise Problem(FORM_EXPIRED)
    if not hmac.compare_digest(g.form_tag.encode(), _tag(g.sent_form_token, reader).encode()):
        raise Problem(FORM_OF_ANOTHER)


def _tag(token: str, reader: str) -> str:
    key = cast("bytes", current_app.secret_key)
    digest = hmac.digest(key, f"form of\n{token}\n{reader}".encode(), hashlib.sha256)
    return urlsafe_b64encode(digest[:18]).decode()
