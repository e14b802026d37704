"""Security headers of every answer, and what a page's own answer adds to them."""

from __future__ import annotations

from kernel.web.http import HttpResponse

# A page loads from its own origin only; no inline script or style (CSP 3). `data:` images are the select arrow and
# tick marks drawn inside the stylesheet.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
    " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

_HSTS = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
_ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
PAGE_HEADERS = (
    ("Content-Security-Policy", PAGE_POLICY),
    ("X-Frame-Options", "DENY"),  # for browsers that do not know frame-ancestors
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_NO_STORE = ("Cache-Control", "no-store")


class SecurityHeaders:
    """Adds what is missing; a header the endpoint has set itself stays as it is."""

    def __init__(self, *, https: bool) -> None:
        """`https`: whether the public origin is https, so that HSTS means something."""
        self._always = (*_ALWAYS, _HSTS) if https else _ALWAYS
        self._names = {name.lower() for name, _ in self._always}

    def missing(self, present: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """The headers to add to those `present`."""
        names = {name.lower() for name, _ in present}
        added = self._always if names.isdisjoint(self._names) else self._absent(names)
        if "cache-control" not in names:
            added = (*added, _NO_STORE)
        if "content-security-policy" not in names:
            added = (*added, ("Content-Security-Policy", DATA_POLICY))
        return added

    def _absent(self, names: set[str]) -> tuple[tuple[str, str], ...]:
        return tuple(header for header in self._always if header[0].lower() not in names)

    def secure(self, response: HttpResponse) -> HttpResponse:
        """`response` with every header it lacks."""
        return response.adding(*self.missing(response.headers))
