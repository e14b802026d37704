"""Answers: composed from what was stored and what the ledger keeps, so that the first answer and its repetition are
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

from exchange import errors
from exchange.gateway.outcomes import STATUSES, waits
from exchange.store.waiting import Wait
from kernel.canonical import JSON
from kernel.jose import base64url
from kernel.ledger.log import Ledger
from kernel.problems import Problem
from kernel.web import www_authenticate
from kernel.web.http import HttpResponse, json_response

PREVIEWS = "/my/previews"
"""Where people look at what waits for them: the system that asked may send them there."""
LOOK_AGAIN: Mapping[str, int] = {"running": 2, "awaiting-preview": 30, "awaiting-person": 600}
"""Seconds after which it is worth asking again, by what a request waits for."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One item's evidence and its receipt."""

    jws: str | None
    claims: Mapping[str, JSON] | None
    receipt: str


Choice = Mapping[int, list[dict[str, JSON]]]
"""By the number of an item that waits for its person: the items, with their providers, of which one is enough."""
Choosing = Callable[[str], Choice]
"""What people may choose from in a request that waits. The room of previews tells it, where the rooms meet."""


def compose(
    request_id: str, outcome: Mapping[str, Any], pieces: list[Piece], language: str, choice: Choice
) -> HttpResponse:
    """The body of an answer, by the stored outcome and the piece of each item."""
    pairs = zip(outcome["items"], pieces, strict=True)
    evidence = [_item(item, piece, language) for item, piece in pairs]
    body = {"id": request_id, "status": outcome["status"], "evidence": evidence}
    if waits(outcome):
        for number, item in enumerate(evidence):
            if item["status"] == STATUSES[Wait.PREVIEW]:
                item["preview"] = f"{PREVIEWS}/{request_id}/{number}"
                item |= to_choose_from(number, choice)
        return json_response(body, 202, later(request_id, outcome["status"]))
    step_up = stronger_sign_in(outcome)
    return json_response(body) if step_up is None else json_response(body, 401, (challenge(step_up),))


def to_choose_from(number: int, choice: Choice) -> dict[str, JSON]:
    """Of which providers one is enough, by organisation; nothing where there is one alone."""
    return {"choice": [*choice[number]]} if number in choice else {}


def later(request_id: str, status: str) -> tuple[tuple[str, str], ...]:
    """Where to look again, and after how many seconds."""
    return ("Location", f"/v1/evidence-requests/{request_id}"), ("Retry-After", str(LOOK_AGAIN[status]))


def stronger_sign_in(outcome: Mapping[str, Any]) -> str | None:
    """The `acr` with which everything asked for would be released; None when something else is in the way, too.

    RFC 9470 §3: only then is another sign-in of any use. A request of which something was delivered is answered.
    """
    unmet = [clause for item in outcome["items"] for clause in _unmet(item)]
    levels = [str(clause["acr"]) for clause in unmet if "acr" in clause]
    return max(levels) if levels and len(levels) == len(unmet) else None


def _unmet(stored: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The clauses an item did not meet; what is delivered, failed or refused without a clause counts as another."""
    problem = stored["problem"]["en"] if stored["status"] == "refused" else {}
    return problem.get("unmet") or [{}]


def challenge(acr: str) -> tuple[str, str]:
    """The header that asks for another sign-in with this `acr` (RFC 9470 §3)."""
    described = "A different authentication level is required"
    return www_authenticate.dpop(error="insufficient_user_authentication", error_description=described, acr_values=acr)


def _item(stored: Mapping[str, Any], piece: Piece, language: str) -> dict[str, JSON]:
    item: dict[str, JSON] = {"type": stored["type"], "status": stored["status"]}
    if piece.claims is not None:
        evidence = cast("dict[str, JSON]", piece.claims["evidence"])
        item |= {name: evidence[name] for name in ("data", "answers") if name in evidence}
        item["provenance"] = piece.claims["provenance"]
        item["obligations"] = piece.claims["obligations"]
        item |= {name: piece.claims[name] for name in ("watermark",) if name in piece.claims}
        item["decision_id"] = piece.claims["decision_id"]
        item["jws"] = piece.jws
    elif "until" in stored:
        item |= {name: stored[name] for name in ("until", "reason") if name in stored}
    else:
        item["problem"] = stored["problem"][language]
    item["receipt"] = piece.receipt
    return item


def stored_pieces(outcome: Mapping[str, Any], ledger: Ledger) -> list[Piece]:
    """The pieces of an answer given before. Raises Problem (evidence-request.erased), DatabaseUnavailable."""
    return [_stored_piece(item, ledger) for item in outcome["items"]]


def _stored_piece(item: Mapping[str, Any], ledger: Ledger) -> Piece:
    receipt = ledger.receipt(item["entry"]).text
    if item["status"] != "delivered":
        return Piece(None, None, receipt)
    kept = ledger.open_payload(item["entry"])
    if kept is None:
        raise Problem(errors.REQUEST_ERASED)
    jws = kept.decode("ascii")
    return Piece(jws, orjson.loads(base64url.decode(jws.split(".")[1])), receipt)
