"""The provider's log for strangers: checkpoint, proofs, key and hash tiles, but no entries.

C2SP tlog-checkpoint, tlog-proof and tlog-tiles; RFC 6962 §2.1.2.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from marshmallow import Schema, fields

from kernel.ledger.errors import NoSuchEntry
from kernel.ledger.log import Ledger
from kernel.ledger.tiles import FORM, TileAddress, Tiles
from kernel.problems import MALFORMED_REQUEST, NOT_FOUND, NUMBER_INVALID, Problem, ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint, HttpRequest, HttpResponse, json_response
from kernel.web.parameters import from_to, whole_number
from kernel.web.routes import Parameter, Route

BASE = "/v1/ledger"
_ASKED = (NUMBER_INVALID, NOT_FOUND)
_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)
_IMMUTABLE = (("Content-Type", "application/octet-stream"), ("Cache-Control", "public, max-age=31536000, immutable"))


@dataclass(frozen=True, slots=True)
class LogEndpoints:
    """GET what anyone may check the log with."""

    ledger: Ledger
    tiles: Tiles

    def checkpoint(self, request: HttpRequest) -> HttpResponse:
        """The newest signed checkpoint."""
        del request
        return HttpResponse(200, self.ledger.checkpoint().encode(), _TEXT)

    def key(self, request: HttpRequest) -> HttpResponse:
        """The verifier key."""
        del request
        return HttpResponse(200, f"{self.ledger.vkey}\n".encode(), _TEXT)

    def proof(self, request: HttpRequest) -> HttpResponse:
        """The inclusion proof of one entry. Raises Problem (request.number-invalid, resource.not-found)."""
        index = whole_number(request.parameters(), "index")
        try:
            return HttpResponse(200, self.ledger.proof_text(index).encode(), _TEXT)
        except NoSuchEntry:
            raise Problem(NOT_FOUND) from None

    def consistency(self, request: HttpRequest) -> HttpResponse:
        """The proof that a later tree extends an earlier one. Raises Problem as ``proof``."""
        old, new = from_to(request.parameters())
        try:
            hashes = self.ledger.consistency(old, new)
        except NoSuchEntry:
            raise Problem(NOT_FOUND) from None
        return json_response({"from": old, "to": new, "proof": [b64encode(each).decode() for each in hashes]})

    def tile(self, request: HttpRequest, tile: str) -> HttpResponse:
        """One hash tile. Raises Problem (request.malformed; resource.not-found, for entry bundles, too)."""
        del request
        address = TileAddress.parse(tile)
        if address is None:
            raise Problem(MALFORMED_REQUEST, detail=FORM)
        data = None if address.level is None else self.tiles.at(address)
        if data is None:
            raise Problem(NOT_FOUND)
        return HttpResponse(200, data, _IMMUTABLE)

    def routes(self) -> tuple[Route, ...]:
        """The log's addresses."""
        text, octets = "text/plain", "application/octet-stream"
        index = (Parameter("index", Text("条目序号", "number of the entry"), required=True),)
        sizes = (
            Parameter("from", Text("较早的规模", "the older size"), required=True),
            Parameter("to", Text("较新的规模", "the newer size"), required=True),
        )
        return (
            _route("checkpoint", self.checkpoint, Text("最新检查点", "The newest checkpoint"), text),
            _route("key", self.key, Text("账本的验证密钥", "The log's verifier key"), text),
            _route("proof", self.proof, Text("条目的包含证明", "An entry's inclusion proof"), text, index, _ASKED),
            _route(
                "consistency",
                self.consistency,
                Text("一致性证明", "A consistency proof"),
                "application/json",
                sizes,
                (*_ASKED, MALFORMED_REQUEST),
                _ConsistencyAnswer,
            ),
            _route(
                "tile/<path:tile>",
                self.tile,
                Text("哈希瓦片", "Hash tiles"),
                octets,
                problems=(MALFORMED_REQUEST, NOT_FOUND),
            ),
        )


_ConsistencyAnswer = Schema.from_dict(
    {
        **{size: fields.Integer(required=True) for size in ("from", "to")},
        "proof": fields.List(fields.String(), required=True),
    },
    name="ConsistencyAnswer",
)


def _route(
    path: str,
    endpoint: Endpoint,
    summary: Text,
    response_type: str,
    parameters: tuple[Parameter, ...] = (),
    problems: tuple[ProblemKind, ...] = (),
    answer: type[Schema] | None = None,
) -> Route:
    return Route(
        "GET",
        f"{BASE}/{path}",
        endpoint,
        "anyone",
        summary,
        response_schema=answer,
        tag="ledger",
        response_type=response_type,
        parameters=parameters,
        problems=problems,
    )
