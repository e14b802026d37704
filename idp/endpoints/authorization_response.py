"""Authorization responses (RFC 6749 §4.1.2): always with `iss` (RFC 9207), always by 303."""

from __future__ import annotations

from urllib.parse import urlencode

from idp.errors import OAuthError
from kernel.web.http import HttpResponse, redirect


def success(redirect_uri: str, *, code: str, state: str | None, issuer: str) -> HttpResponse:
    """The code on its way back."""
    return _response(redirect_uri, {"code": code}, state, issuer)


def failure(redirect_uri: str, error: OAuthError, *, state: str | None, issuer: str) -> HttpResponse:
    """The refusal on its way back (RFC 6749 §4.1.2.1)."""
    return _response(redirect_uri, error.to_json(), state, issuer)


def _response(redirect_uri: str, members: dict[str, str], state: str | None, issuer: str) -> HttpResponse:
    answer = members | ({} if state is None else {"state": state}) | {"iss": issuer}
    separator = "&" if "?" in redirect_uri else "?"
    return redirect(f"{redirect_uri}{separator}{urlencode(answer)}")
