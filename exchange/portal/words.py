"""What the pages about one waiting item say alike: whom it is for, what about, and that it is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from exchange.console.words import text_of
from exchange.gateway.answers import PREVIEWS
from kernel.web.http import HttpResponse
from kernel.web.pages import page_response, t

_NOT_FOUND, _CONFLICT = 404, 409


def about(one: Mapping[str, Any]) -> dict[str, Any]:
    """Who asks whom for what, on which ground, until when, and where the item's page is."""
    named = {name: t(text_of(one[name]["name"])) for name in ("consumer", "provider", "evidence_type", "service_item")}
    at = f"{PREVIEWS}/{one['request']}/{one['item']}"
    own = one["relation"] == "self"
    asks = "reason" in one
    told = {"href": at, "until": moment_of(one["until"]), "ground": t(text_of(one["ground"])), "own": own, "asks": asks}
    return named | told


def moment_of(text: str) -> datetime:
    """An instant as the API writes it."""
    return datetime.fromisoformat(text)


class Why(StrEnum):
    """Why a page about an entry of somebody's log can do nothing about it. What a statute hides is ABSENT, too."""

    ABSENT = "absent"
    NO_EVIDENCE = "no-evidence"
    RECORD_GONE = "record-gone"
    NO_USE = "no-use"


def no_entry(why: Why, *, provider: str = "", challenge: str = "") -> HttpResponse:
    """What is the case, and what its reader can do; ``provider``: who holds the record, ``challenge``: its address."""
    status = _NOT_FOUND if why is Why.ABSENT else _CONFLICT
    return page_response("portal/no_entry.html", status=status, why=why.value, provider=provider, challenge=challenge)


def gone() -> HttpResponse:
    """There is nothing left to decide here."""
    return page_response("portal/gone.html", status=_CONFLICT)
