"""Security headers of every answer, and what a page's own answer adds to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from kernel.web.http import HttpResponse


def page_policy(form_targets: Sequence[str] = (), frames: Sequence[str] = ()) -> str:
    """A page's CSP 3: its own origin only, nothing inline.

    `form_targets` are addresses that a form of this page may be redirected to after our own answer: browsers hold the
    redirect to `form-action` too. `frames` are addresses that the page shows in frames: their origins alone are let in.
    `data:` images are the arrows and ticks inside the stylesheets.
    """
    framed = f"frame-src {' '.join(dict.fromkeys(map(_source, frames)))}; " if frames else ""
    actions = " ".join(["'self'", *map(_source, form_targets)])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; manifest-src 'self'; {framed}form-action {actions}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _source(address: str) -> str:
    """The CSP source of an absolute address: its origin, or its scheme where it has no authority (RFC 8252 §7.1).

    Raises ValueError for an authority that could say more in a policy than where a form may end.
    """
    parts = urlsplit(address)
    source = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    if not _SOURCE.fullmatch(source):
        raise ValueError("not an address that a policy can name")
    return source


_SOURCE = re.compile(r"[a-z][a-z0-9+.-]*:(//[a-z0-9.:\[\]-]+)?", re.IGNORECASE)
PAGE_POLICY = page_policy()
_HSTS = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
_NOSNIFF = ("X-Content-Type-Options", "nosniff")
_NO_STORE = ("Cache-Control", "no-store")
_DATA = (
    _NOSNIFF,
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
_PAGE = (
    _NOSNIFF,
    # Not no-referrer: browsers would then send `Origin: null` with our own forms too (Fetch §3.2).
    ("Referrer-Policy", "same-origin"),
    ("Content-Security-Policy", PAGE_POLICY),
    ("X-Frame-Options", "DENY"),  # for browsers that do not know frame-ancestors
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_TYPE = frozenset({"Content-Type", "content-type"})
_MOST_KINDS = 256
_MOST_KEPT = 16
Headers = tuple[tuple[str, str], ...]


class SecurityHeaders:
    """Adds what is missing; a header the endpoint has set itself stays as it is."""

    def __init__(self, *, https: bool) -> None:
        """`https`: whether the public origin is https, so that HSTS means something."""
        always = (_HSTS,) if https else ()
        self._data = _keyed((*_DATA, *always, _NO_STORE))
        self._page = _keyed((*_PAGE, *always, _NO_STORE))
        self._known: dict[tuple[bool, tuple[str, ...]], Headers] = {}
        self._kept: dict[int, tuple[HttpResponse, HttpResponse]] = {}

    def missing(self, present: Headers) -> Headers:
        """The headers to add to those `present`: pages need more of them than data does."""
        page, names = False, []
        for name, value in present:  # a loop: every answer passes here
            names.append(name)
            page = page or (name in _TYPE and value.startswith("text/html"))
        kind = page, tuple(names)
        known = self._known.get(kind)
        return self._wanted(kind) if known is None else known

    def _wanted(self, kind: tuple[bool, tuple[str, ...]]) -> Headers:
        """Kept by the names present, never by their values; endpoints use a few dozen sets of names."""
        page, present = kind
        names = {name.lower() for name in present}
        headers = tuple(header for name, header in (self._page if page else self._data) if name not in names)
        if len(self._known) < _MOST_KINDS:
            self._known[kind] = headers
        return headers

    def secure(self, response: HttpResponse) -> HttpResponse:
        """`response` with every header it lacks."""
        if not response.kept:
            return response.adding(*self.missing(response.headers))
        found = self._kept.get(id(response))  # it is held here too, so no other can have its place
        return found[1] if found is not None else self._keep(response)

    def _keep(self, response: HttpResponse) -> HttpResponse:
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        secured = response.adding(*self.missing(response.headers))
        self._kept[id(response)] = (response, secured)
        return secured


def _keyed(headers: Headers) -> tuple[tuple[str, tuple[str, str]], ...]:
    return tuple((header[0].lower(), header) for header in headers)
