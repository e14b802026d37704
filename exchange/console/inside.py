"""A page's request as the API's rooms read it: the same browser and session, with a JSON body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from kernel.problems import INVALID_BODY, Problem
from kernel.text import Text
from kernel.web.http import HttpRequest, HttpResponse
from kernel.web.preferences import preferences


def as_json_post(request: HttpRequest, body: Mapping[str, Any]) -> HttpRequest:
    """The request with this body. The page's own guard has asked for the form's token before.

    Raises Problem (request.invalid): somebody typed JSON that no body carries, such as a number beyond 64 bits.
    """
    try:
        sent = orjson.dumps(dict(body))
    except orjson.JSONEncodeError:
        raise Problem(INVALID_BODY, detail=_NO_BODY) from None
    return replace(request, body=sent, headers=_headers(request))


def asking(request: HttpRequest, query: str = "") -> HttpRequest:
    """The request with another query, to read something with."""
    return replace(request, query=query, body=b"", headers=_headers(request))


def told(answer: HttpResponse) -> Any:
    """What a room answered."""
    return orjson.loads(answer.body)


_NO_BODY = Text("数字超出允许的范围", "A number is out of range")


def _headers(request: HttpRequest) -> Mapping[str, str]:
    return {
        "content-type": "application/json",
        "accept-language": preferences().language_tag,
        "cookie": request.headers.get("cookie", ""),
    }
