"""The fields of the pages' forms, as the outer surface names them."""

from __future__ import annotations

from urllib.parse import urlsplit

from kernel.web.http import HttpRequest
from kernel.web.security import PAGE_POLICY

USERNAME = "username"
PASSWORD = "password"  # noqa: S105 - a field's name
CODE = "otp"
DECISION = "decision"
ALLOW = "allow"


def field(request: HttpRequest, name: str) -> str:
    """One posted field, '' when it was left empty."""
    return request.form().get(name, "")


def policy_towards(redirect_uri: str) -> tuple[str, str]:
    """The page's policy, whose forms may end at the client: browsers apply `form-action` to redirects, too (CSP 3)."""
    parts = urlsplit(redirect_uri)
    origin = f"{parts.scheme}://{parts.netloc}"
    return ("Content-Security-Policy", PAGE_POLICY.replace("form-action 'self'", f"form-action 'self' {origin}"))
