"""The fields of the pages' forms, as the outer surface names them."""

from __future__ import annotations

from kernel.web.http import HttpRequest
from kernel.web.security import page_policy

USERNAME = "username"
PASSWORD = "password"  # noqa: S105 - a field's name
CODE = "otp"
DECISION = "decision"
ALLOW = "allow"
SEEN = "seen"
ACCOUNT = "account"
ANOTHER = "another"
ACTING = "acting"


def field(request: HttpRequest, name: str) -> str:
    """One posted field, '' when it was left empty."""
    return request.form().get(name, "")


def policy_towards(redirect_uri: str) -> tuple[str, str]:
    """The page's policy, whose forms may end at the client: browsers apply `form-action` to redirects, too (CSP 3)."""
    return ("Content-Security-Policy", page_policy((redirect_uri,)))
