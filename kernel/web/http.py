"""Neutral request and response values: what every endpoint takes and gives, whichever door it is reached by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlencode

import orjson

from kernel.canonical import JSON, MalformedJson, decode
from kernel.problems import MALFORMED_REQUEST, UNSUPPORTED_MEDIA_TYPE, Problem
from kernel.text import Text, negotiate
from kernel.web.parameters import parse
from kernel.web.trace import TraceContext

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_FORM = "application/x-www-form-urlencoded"
_NOT_JSON = Text("请求正文不是合法的 JSON。", "The request body is not well-formed JSON.")
_WITH_NUL = Text("请求正文的文本中有 NUL 字符。", "A text in the request body holds the character NUL.")
_NUL = rb"\u0000"  # JSON has no other way to write it; no database keeps it


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, already bounded and decoded at the edge.

    `path` is percent-decoded; `query` is raw; header names are lower case; `base_url` is the configured public origin
    without a trailing slash, never the caller's Host header. Contents stay out of `repr`, so that no log shows them.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    body: bytes = field(default=b"", repr=False)
    remote_addr: str = field(default="", repr=False)
    base_url: str = ""
    trace: TraceContext = field(default_factory=TraceContext)
    client_certificate: bytes | None = field(default=None, repr=False)  # DER, from the TLS proxy (RFC 9440)
    passed_on: bool = False  # a proxy, trusted or not, says so

    @property
    def url(self) -> str:
        """The address without query and fragment, as DPoP's `htu` wants it (RFC 9449 §4.2)."""
        return self.base_url + self.path

    @property
    def language(self) -> Literal["zh", "en"]:
        """The language of messages, from `Accept-Language`."""
        return negotiate(self.headers.get("accept-language"))

    @property
    def media_type(self) -> str:
        """Media type of the body in lower case, without its parameters; '' when none is declared."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def parameters(self) -> dict[str, str]:
        """The query's parameters. Raises Problem: request.malformed, request.duplicate-parameter."""
        return parse(self.query)

    def form(self) -> dict[str, str]:
        """The urlencoded body's parameters. Raises Problem: request.unsupported-media-type and as `parameters`."""
        if self.media_type != _FORM:
            raise Problem(UNSUPPORTED_MEDIA_TYPE, members={"expected": _FORM})
        try:
            return parse(self.body.decode("ascii"))
        except UnicodeDecodeError:
            raise Problem(MALFORMED_REQUEST) from None

    def json(self) -> JSON:
        """The JSON body. Raises Problem: request.unsupported-media-type, request.malformed."""
        media = self.media_type
        if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
            raise Problem(UNSUPPORTED_MEDIA_TYPE, members={"expected": "application/json"})
        try:
            value = decode(self.body, max_bytes=max(len(self.body), 1))
        except MalformedJson:
            raise Problem(MALFORMED_REQUEST, detail=_NOT_JSON) from None
        if _NUL in self.body and _holds_nul(value):
            raise Problem(MALFORMED_REQUEST, detail=_WITH_NUL)
        return value


def _holds_nul(value: JSON) -> bool:
    if isinstance(value, str):
        return "\0" in value
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_nul, inner))


def holds(request: HttpRequest, tag: str) -> bool:
    """Whether the caller has what this entity tag names (RFC 9110 §13.1.2).

    Compared weakly, as the clause says: a proxy that compresses makes a tag weak.
    """
    known = request.headers.get("if-none-match")
    if known is None:
        return False
    return tag in {each.strip().removeprefix("W/") for each in known.split(",")} or known.strip() == "*"


_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_WITHOUT_BODY = frozenset({204, 304})  # RFC 9110 §8.6: no Content-Length


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One answer. Header names in their usual spelling; values must hold no line break (RFC 9110 §5.5).

    `kept`: its endpoint gives this very object to many requests, so what is added to it may be remembered. It is a WSGI
    application too, so that a Flask view may return it as it is.
    """

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    kept: bool = False

    def __post_init__(self) -> None:
        """Refuse values that could split the response."""
        for _, value in self.headers:
            if not value.isprintable() and ("\n" in value or "\r" in value or "\0" in value):
                raise ValueError("a header value holds a control character")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with this (PEP 3333)."""
        length = () if self.status in _WITHOUT_BODY else (("Content-Length", str(len(self.body))),)
        start_response(_STATUS_LINES.get(self.status) or f"{self.status} Unknown", [*self.headers, *length])
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [self.body]

    def header(self, name: str) -> str | None:
        """The first value of the header `name`, any case; None when absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def adding(self, *headers: tuple[str, str]) -> HttpResponse:
        """The same answer with more headers."""
        return HttpResponse(self.status, self.body, self.headers + headers)


Endpoint = Callable[..., HttpResponse]  # endpoint(request, **path_parameters)

_JSON_TYPE = (("Content-Type", "application/json"),)


def json_response(value: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    """`value` as JSON. Raises TypeError for what JSON cannot carry."""
    return HttpResponse(status, orjson.dumps(value), _JSON_TYPE + headers)


def redirect(location: str, headers: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    """303 to `location`, so that a form post is never replayed elsewhere (RFC 9700 §4.12)."""
    return HttpResponse(303, b"", (("Location", location), *headers))


def to_its_page(request: HttpRequest, path: str, **more: str) -> HttpResponse:
    """303 to the page whose form this address takes, with the query that came: for a GET of such an address.

    The links of a form that is shown again lead here (another language, larger text), and so does a sign-in that was
    asked for when the form was sent. Raises Problem as `HttpRequest.parameters`.
    """
    return redirect(own_address(path, {**more, **request.parameters()}))


def own_address(path: str, query: Mapping[str, str]) -> str:
    """An address of ours for links and redirects; ``path`` is percent-decoded and begins with a slash.

    A second slash would lead to another host, and browsers read a backslash as one, past tabs and line breaks that they
    leave out (URL Standard, relative slash state): all of that is encoded.
    """
    encoded = quote(path, safe="/", errors="replace")
    encoded = f"/%2F{encoded[2:]}" if encoded.startswith("//") else encoded
    return f"{encoded}?{urlencode(query)}" if query else encoded
