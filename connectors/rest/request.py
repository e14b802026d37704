"""From a manifest's templates to the bytes of one request. Every value is encoded for its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote
from xml.sax.saxutils import escape

from connectors.base import Query
from connectors.templates import Template, template


@dataclass(frozen=True, slots=True)
class Request:
    """One request: address, header lines, and the body of a POST or None."""

    url: str
    headers: list[bytes]
    body: bytes | None

    @property
    def method(self) -> str:
        """By RFC 9110 §9."""
        return "GET" if self.body is None else "POST"


class Asked(Protocol):
    """What a manifest says of the requests: templates by place."""

    @property
    def query(self) -> Mapping[str, str]: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> Any: ...


class RequestBuilder:
    """Makes what stays the same once. Texts of a JSON body that are exactly one of `numbers` become numbers."""

    def __init__(self, asked: Asked, location: str, *, accept: str, numbers: frozenset[str] = frozenset()) -> None:
        self._url = _url(location, asked.query)
        self._headers = [(name, template(value)) for name, value in asked.headers.items()]
        self._fixed = [f"Accept: {accept}".encode()]
        self._body = _body(asked.body, numbers)
        if self._body is not None:
            kind = b"application/xml; charset=utf-8" if isinstance(asked.body, str) else b"application/json"
            self._fixed += [b"Content-Type: " + kind, b"Expect:"]

    def build(self, query: Query) -> Request:
        """The request for one look-up. Raises: SourceMisconfigured where a parameter is missing."""
        headers = [*self._fixed, *(f"{name}: {value(query)}".encode() for name, value in self._headers)]
        return Request(self._url(query), headers, None if self._body is None else self._body(query).encode())


def xml_text(value: str) -> str:
    """A value as text or attribute of XML (XML 1.0 §2.4)."""
    return escape(value, {'"': "&quot;", "'": "&apos;"})


def _segment(value: str) -> str:
    return quote(value, safe="")  # RFC 3986 §2.1: no character of a value can end its place


def _url(location: str, query: Mapping[str, str]) -> Template:
    pairs = [f"{_segment(name)}={_encoded(value)}" for name, value in query.items()]
    joined = ("&" if "?" in location else "?") + "&".join(pairs) if pairs else ""
    return template(location + joined, _segment)


def _encoded(value: str) -> str:
    """The text of a template percent-encoded, its places left as they are."""
    return quote(value, safe="{}")


def _body(body: Any, numbers: frozenset[str]) -> Template | None:
    if body is None:
        return None
    if isinstance(body, str):
        return template(body, xml_text)
    value = _json(body, numbers)
    written = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes an encoder for every call
    return lambda query: written(value(query))


def _json(body: Any, numbers: frozenset[str]) -> Callable[[Query], Any]:
    if isinstance(body, str):
        text = template(body)
        return (lambda query: int(text(query))) if body in numbers else text
    if isinstance(body, dict):
        members = {name: _json(member, numbers) for name, member in body.items()}
        return lambda query: {name: member(query) for name, member in members.items()}
    if isinstance(body, list):
        elements = [_json(element, numbers) for element in body]
        return lambda query: [element(query) for element in elements]
    return lambda _: body
