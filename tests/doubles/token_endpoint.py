"""A department's authorization server, as far as client credentials need one (RFC 6749 §4.4)."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from joserfc import jwt
from joserfc.jwk import import_key

from tests.doubles.http_source import Handler, HttpSource

CLIENT, SECRET = "tongban exchange", "a secret: with ümlaut & more"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenEndpoint(HttpSource):
    """Gives a token to a client that proves who it is, by its secret or by its key. `forms` lists what was asked."""

    def __init__(self, **said: Any) -> None:
        super().__init__()
        self.behaviour = issue
        self.said: dict[str, Any] = {"token_type": "Bearer", "expires_in": 300} | said
        self.public: Mapping[str, Any] = {}
        self.forms: list[dict[str, str]] = []
        self.issued: list[str] = []
        self._numbers = itertools.count(1)

    @property
    def address(self) -> str:
        return self.url + "/token"

    def new_token(self) -> str:
        self.issued.append(f"token-{next(self._numbers)}")
        return self.issued[-1]

    def knows(self, headers: Mapping[str, str], form: Mapping[str, str]) -> bool:
        if form.get("client_assertion_type") == ASSERTION:
            claims = jwt.decode(form["client_assertion"], import_key(dict(self.public)), algorithms=["ES256"]).claims
            return claims["iss"] == claims["sub"] == CLIENT and claims["aud"] == self.address and bool(claims["jti"])
        pair = base64.b64decode(headers.get("Authorization", "").removeprefix("Basic ")).decode()
        name, _, secret = pair.partition(":")
        return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)


def issue(handler: Handler) -> None:
    server = handler.server
    assert isinstance(server, TokenEndpoint)
    _, _, headers, body = server.seen[-1]
    form = dict(parse_qsl(body.decode(), strict_parsing=True))
    server.forms.append(form)
    if server.knows(headers, form) and form["grant_type"] == "client_credentials":
        handler.answer(json.dumps({"access_token": server.new_token(), **server.said}).encode())
    else:
        handler.answer(b'{"error": "invalid_client"}', 401)
