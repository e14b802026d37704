"""Public documents that change seldom: the answer is made once, and whoever has it already is told so."""

from __future__ import annotations

import hashlib

from kernel.web.http import HttpRequest, HttpResponse, holds

_FOR_FIVE_MINUTES = ("Cache-Control", "public, max-age=300")


class PreparedDocument:
    """A JSON document as both its answers: whole, or 304 for whoever names its tag (RFC 9110 §13.1.2)."""

    def __init__(self, body: bytes) -> None:
        """``body``: the document."""
        self._tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = (("ETag", self._tag), _FOR_FIVE_MINUTES)
        self._whole = HttpResponse(200, body, (("Content-Type", "application/json"), *headers), kept=True)
        self._unchanged = HttpResponse(304, b"", headers, kept=True)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """What this request gets."""
        return self._unchanged if holds(request, self._tag) else self._whole
