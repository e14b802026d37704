"""The kit's own files, served from memory by exact name: a path that is not in the list is not found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kernel.problems import NOT_FOUND, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse, holds
from kernel.web.routes import Route

STATIC = Path(__file__).parent / "static"
PREFIX = "/static/kit"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_SUMMARY = Text("页面组件的样式与脚本", "Styles and scripts of the page components")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file with its strong validator."""

    body: bytes
    media_type: str
    digest: str

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The file, or 304 when the caller has it; an address with the right `v` never needs asking again."""
        fresh = f'"{self.digest}"'
        forever = request.query == f"v={self.digest}"
        cache = "public, max-age=31536000, immutable" if forever else "public, max-age=300"
        headers = (("ETag", fresh), ("Cache-Control", cache))
        if holds(request, fresh):
            return HttpResponse(304, b"", headers)
        return HttpResponse(200, self.body, (("Content-Type", self.media_type), *headers))


class StaticFiles:
    """All files of one folder whose kind we serve."""

    def __init__(self, folder: Path) -> None:
        """`folder` is read at first use."""
        self._folder = folder

    @cached_property
    def _files(self) -> dict[str, StaticFile]:
        found = (path for path in sorted(self._folder.rglob("*")) if path.suffix in _TYPES)
        return {path.relative_to(self._folder).as_posix(): _read(path) for path in found}

    def url(self, name: str) -> str:
        """Address of `name` with its digest, e.g. for a template. Raises KeyError for a file that is not there."""
        return f"{PREFIX}/{name}?v={self._files[name].digest}"

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        """The endpoint. Raises Problem: resource.not-found."""
        file = self._files.get(name)
        if file is None:
            raise Problem(NOT_FOUND)
        return file.answer(request)

    def routes(self) -> tuple[Route, ...]:
        """The one route under `PREFIX`."""
        return (Route("GET", f"{PREFIX}/<path:name>", self.get, "anyone", _SUMMARY, documented=False),)


def _read(path: Path) -> StaticFile:
    body = path.read_bytes()
    return StaticFile(body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])
