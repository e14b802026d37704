"""The log for strangers: checkpoint, proofs, key and hash tiles to everybody, entries to auditors alone (tags can
profile).
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from marshmallow import Schema, fields

from exchange import errors
from exchange.access import Access
from kernel.ledger.errors import NoSuchEntry
from kernel.ledger.log import Ledger
from kernel.ledger.tiles import FORM, TileAddress, Tiles
from kernel.problems import MALFORMED_REQUEST, NOT_FOUND, Problem
from kernel.web.http import HttpRequest, HttpResponse, json_response
from kernel.web.parameters import from_to, whole_number
from policies.roles import Role

_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_FOR_EVER = ("Cache-Control", "public, max-age=31536000, immutable")


@dataclass(frozen=True)
class Log:
    """The ledger endpoints."""

    access: Access
    ledger: Ledger
    tiles: Tiles

    def checkpoint(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/ledger/checkpoint`` (C2SP tlog-checkpoint)."""
        del http
        return _plain(self.ledger.checkpoint())

    def key(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/ledger/key``: the C2SP verifier key."""
        del http
        return _plain(self.ledger.vkey + "\n")

    def proof(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/ledger/proof?index=…`` (C2SP tlog-proof).

        Raises Problem: request.number-invalid, ledger.unknown-entry.
        """
        index = whole_number(http.parameters(), "index")
        try:
            return _plain(self.ledger.proof_text(index))
        except NoSuchEntry:
            raise Problem(errors.ENTRY_UNKNOWN) from None

    def consistency(self, http: HttpRequest) -> HttpResponse:
        """``GET /v1/ledger/consistency?from=…&to=…`` (RFC 6962 §2.1.2). Raises Problem as ``proof``."""
        old, new = from_to(http.parameters())
        try:
            proof = self.ledger.consistency(old, new)
        except NoSuchEntry:
            raise Problem(errors.ENTRY_UNKNOWN) from None
        return json_response({"from": old, "to": new, "proof": [b64encode(each).decode() for each in proof]})

    def tile(self, http: HttpRequest, tile: str) -> HttpResponse:
        """``GET /v1/ledger/tile/…`` (C2SP tlog-tiles). Raises Problem (request.malformed, resource.not-found)."""
        address = TileAddress.parse(tile)
        if address is None:
            raise Problem(MALFORMED_REQUEST, detail=FORM)
        if address.level is None:
            self.access.spend(self.access.officer(http, Role.AUDITOR).caller)
        data = self.tiles.at(address)
        if data is None:
            raise Problem(NOT_FOUND)
        public = () if address.level is None else (_FOR_EVER,)
        return HttpResponse(200, data, (("Content-Type", "application/octet-stream"), *public))


def _plain(text: str) -> HttpResponse:
    return HttpResponse(200, text.encode(), (_TEXT,))


class ConsistencyAnswer(Schema):
    """A consistency proof: base64 of 32-byte hashes."""

    old = fields.Integer(data_key="from", required=True)
    new = fields.Integer(data_key="to", required=True)
    proof = fields.List(fields.String(), required=True)
