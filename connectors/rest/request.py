"""From a manifest's templates to the bytes of one request. Every value is encoded for its place."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors.adapters import Opening
from connectors.base import Query
from connectors.errors import SourceMisconfigured
from connectors.rest.settings import RestSettings
from connectors.templates import Template, template

_CONTROL = re.compile("[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: address, header lines, and the body of a POST or None."""

    url: str
    headers: list[bytes]
    body: bytes | None


class RequestBuilder:
    """Everything that stays the same is made once."""

    def __init__(self, settings: RestSettings, location: str, opening: Opening) -> None:
        self._url = _url(location, settings.query)
        self._headers = [(name, template(value)) for name, value in settings.headers.items()]
        self._fixed = [b"Accept: application/json", *_authorization(settings.auth, opening)]
        self._body = None if settings.body is None else _json(settings.body)
        if self._body is not None:
            self._fixed += [b"Content-Type: application/json", b"Expect:"]

    def build(self, query: Query) -> Request:
        """The request for one look-up. Raises: SourceMisconfigured where a parameter is missing."""
        headers = [*self._fixed, *(f"{name}: {value(query)}".encode() for name, value in self._headers)]
        body = None if self._body is None else json.dumps(self._body(query), ensure_ascii=False).encode()
        return Request(self._url(query), headers, body)


def _segment(value: str) -> str:
    return quote(value, safe="")  # RFC 3986 §2.1: no character of a value can end its place


def _url(location: str, query: Mapping[str, str]) -> Template:
    pairs = [f"{_segment(name)}={_encoded(value)}" for name, value in query.items()]
    joined = ("&" if "?" in location else "?") + "&".join(pairs) if pairs else ""
    return template(location + joined, _segment)


def _encoded(value: str) -> str:
    """The text of a template percent-encoded, its places left as they are."""
    return quote(value, safe="{}")


def _json(body: Any) -> Callable[[Query], Any]:
    if isinstance(body, str):
        return template(body)
    if isinstance(body, dict):
        members = {name: _json(member) for name, member in body.items()}
        return lambda query: {name: member(query) for name, member in members.items()}
    if isinstance(body, list):
        elements = [_json(element) for element in body]
        return lambda query: [element(query) for element in elements]
    return lambda _: body


def _authorization(auth: Mapping[str, str], opening: Opening) -> list[bytes]:
    if not auth:
        return []
    credential = _credential(auth["secret"], opening)
    if auth["kind"] == "bearer":
        return [b"Authorization: Bearer " + credential]  # RFC 6750 §2.1
    if auth["kind"] == "basic":
        pair = auth["username"].encode() + b":" + credential
        return [b"Authorization: Basic " + base64.b64encode(pair)]  # RFC 7617 §2
    return [auth["header"].encode() + b": " + credential]


def _credential(name: str, opening: Opening) -> bytes:
    secret = opening.secret(name).strip()
    if not secret or _CONTROL.search(secret):
        raise SourceMisconfigured("secret-unusable")
    return secret.encode()
