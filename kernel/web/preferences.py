"""How a reader wants pages: language and type size, from the address, then a cookie, then the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from flask import Request, Response, current_app, g, request

from kernel.text import negotiate
from kernel.web.http import own_address

LANGUAGE_COOKIE = "lang"
TYPE_COOKIE = "type"
_LANGUAGES = ("zh", "en")
_TYPES = ("normal", "large")
_ANSWER = frozenset({"code", "state"})
_ONE_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Preferences:
    """One reader's choice for one request."""

    language: Literal["zh", "en"]
    large_type: bool

    @property
    def language_tag(self) -> str:
        """The BCP 47 tag for `lang` attributes."""
        return "zh-CN" if self.language == "zh" else "en"


def preferences() -> Preferences:
    """The preferences of the current request."""
    if "preferences" not in g:
        g.preferences = _read(request)
    return cast("Preferences", g.preferences)


def _read(incoming: Request) -> Preferences:
    language = _chosen(incoming, LANGUAGE_COOKIE, _LANGUAGES) or negotiate(incoming.headers.get("Accept-Language"))
    large = _chosen(incoming, TYPE_COOKIE, _TYPES) == "large"
    return Preferences(cast("Literal['zh', 'en']", language), large)


def _chosen(incoming: Request, name: str, allowed: tuple[str, ...]) -> str | None:
    candidates = (incoming.args.get(name), incoming.cookies.get(name))
    return next((value for value in candidates if value in allowed), None)


def switch_url(**changes: str) -> str:
    """The current address with `lang` or `type` changed; without an authorization response that came in it.

    `code` and `state` together are one (RFC 6749 §4.1.2): it is used up by then, and no link repeats it
    (RFC 9700 §4.2.4).
    """
    asked = request.args.to_dict()
    return own_address(request.path, {**({} if asked.keys() >= _ANSWER else asked), **changes})


def remember(response: Response) -> Response:
    """Keep what was chosen in the address; a cookie without any identity in it."""
    if response.mimetype != "text/html":
        return response
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    for name, allowed in ((LANGUAGE_COOKIE, _LANGUAGES), (TYPE_COOKIE, _TYPES)):
        chosen = request.args.get(name)
        if chosen in allowed:
            response.set_cookie(name, chosen, max_age=_ONE_YEAR, secure=secure, httponly=True, samesite="Lax")
    response.vary.update(("Accept-Language", "Cookie"))
    return response
