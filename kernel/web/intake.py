"""From a WSGI environment to a bounded, decoded `HttpRequest`: everything that can be refused before routing."""

from __future__ import annotations

import re
from typing import BinaryIO

from kernel.entropy import Entropy
from kernel.problems import MALFORMED_REQUEST, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, Problem
from kernel.text import Text
from kernel.web.headers import Environ, WsgiHeaders, passed_on
from kernel.web.http import HttpRequest
from kernel.web.proxies import TrustedProxies
from kernel.web.trace import continue_trace

MAX_QUERY = 16_384  # characters

_BAD_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_BAD_PATH = Text("地址的百分号编码有误，或不是 UTF-8。", "The address is not percent-encoded UTF-8.")
_BAD_LENGTH = Text("Content-Length 有误，或正文不完整。", "Content-Length is wrong, or the body is incomplete.")
_COMPRESSED = Text("不接受压缩的请求正文。", "Compressed request bodies are not accepted.")
_NOTHING_READ = Text("正文超过上限，未予读取。", "The body exceeds the limit and was not read.")


class Intake:
    """Reads requests for one service; holds its public origin, its proxies and its body limit."""

    def __init__(self, *, public_origin: str, proxies: TrustedProxies, max_body: int, entropy: Entropy) -> None:
        """`public_origin` is such as 'https://id.example'; '' takes what each request names. `max_body` is in bytes."""
        self._origin = public_origin.rstrip("/")
        self._proxies = proxies
        self._max_body = max_body
        self._entropy = entropy

    def read(self, environ: Environ) -> HttpRequest:
        """The checked request with its body. Raises Problem: request.malformed, too-large, unsupported-media-type."""
        self._check(environ)
        return self.request(environ, self._body(environ))

    def request(self, environ: Environ, body: bytes = b"") -> HttpRequest:
        """The request with `body`, unchecked: enough to answer an error in the right language."""
        return HttpRequest(
            method=environ["REQUEST_METHOD"],
            path=_path_of(environ),
            query=environ.get("QUERY_STRING", ""),
            headers=WsgiHeaders(environ),
            body=body,
            remote_addr=self._proxies.caller(environ),
            base_url=self._origin or _origin_of(environ),
            trace=continue_trace(environ.get("HTTP_TRACEPARENT"), self._entropy),
            client_certificate=self._proxies.client_certificate(environ),
            passed_on=passed_on(environ),
        )

    def _check(self, environ: Environ) -> None:
        """Refuse a malformed address or a declared body that is too long or compressed, before reading anything.

        Raises Problem: request.malformed, request.too-large, request.unsupported-media-type.
        """
        _check_path(environ.get("PATH_INFO", ""))
        if len(environ.get("QUERY_STRING", "")) > MAX_QUERY:
            raise Problem(TOO_LARGE)
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() not in ("", "identity"):
            raise Problem(UNSUPPORTED_MEDIA_TYPE, detail=_COMPRESSED)
        declared = _declared_length(environ)
        if declared is not None and declared > self._max_body:
            raise Problem(TOO_LARGE, detail=_NOTHING_READ, members={"max_bytes": self._max_body})

    def _body(self, environ: Environ) -> bytes:
        declared = _declared_length(environ)
        if declared == 0:
            return b""
        if declared is None:
            return self._read_undeclared(environ)
        body = _read(environ, declared)
        if len(body) != declared:
            raise Problem(MALFORMED_REQUEST, detail=_BAD_LENGTH)
        return body

    def _read_undeclared(self, environ: Environ) -> bytes:
        """A chunked body: the server decodes it and ends the stream, so one byte too many tells that it is too long."""
        if "HTTP_TRANSFER_ENCODING" not in environ:
            return b""
        body = _read(environ, self._max_body + 1)
        if len(body) > self._max_body:
            raise Problem(TOO_LARGE, members={"max_bytes": self._max_body})
        return body


def _path_of(environ: Environ) -> str:
    path: str = environ.get("PATH_INFO") or "/"
    return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")


def _origin_of(environ: Environ) -> str:
    host = environ.get("HTTP_HOST") or f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}{environ.get('SCRIPT_NAME', '')}"


def _check_path(path: str) -> None:
    """PEP 3333 hands over decoded bytes as latin-1; what could not be decoded still holds its per-cent sign."""
    if "\0" in path or _BAD_PERCENT.search(path):
        raise Problem(MALFORMED_REQUEST, detail=_BAD_PATH)
    if path.isascii():
        return
    try:
        path.encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise Problem(MALFORMED_REQUEST, detail=_BAD_PATH) from None


def _declared_length(environ: Environ) -> int | None:
    declared = environ.get("CONTENT_LENGTH") or ""
    if not declared:
        return None
    if not (declared.isascii() and declared.isdigit()) or len(declared) > 18:
        raise Problem(MALFORMED_REQUEST, detail=_BAD_LENGTH)
    return int(declared)


def _read(environ: Environ, limit: int) -> bytes:
    """Up to `limit` bytes; a stream that breaks off gives what came."""
    chunks: list[bytes] = []
    left = limit
    stream = environ["wsgi.input"]
    while left > 0:
        chunk = _next_chunk(stream, left)
        if not chunk:
            break
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _next_chunk(stream: BinaryIO, limit: int) -> bytes:
    try:
        return stream.read(limit)
    except OSError:  # the caller went away
        return b""
