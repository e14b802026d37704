"""A decision as it is logged: everything it depended on, and what it said, so that it can be made again exactly.

Holds nothing of a person: whom a request is about is not part of what policies see.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

import orjson

from policies import guards, index, schema
from policies.decision import Decision, Deny
from policies.delivery import Delivery
from policies.facts import hour_of_day, milliseconds
from policies.grants.unused import Use
from policies.index import PolicyImage
from policies.model import AccessRequest, Action, Consent, Opening, SystemPrincipal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the time of a request while only what was asked is known."""


_EMERGENCY = '"emergency":'
"""Stands in the text of a request that names an opening, and in no other: names in it hold no quotation mark."""

MOST_KNOWN = 100_000
"""Answers kept at once."""


@cache
def rules() -> str:
    """Which schema and guards this software decides by, and how it explains: a short digest of all three.

    A decision logged under other rules need not come out the same.
    """
    said = (schema.text(), guards.text(), str(index.EXPLAINED), str(index.MOST_COMPARED))
    return sha256("\n".join(said).encode()).hexdigest()[:16]


def asked(request: AccessRequest) -> str:
    """Everything of a request but its times (JSON): those stand beside it, so that equal askings read the same."""
    consent = request.consent
    said: dict[str, object] = {
        "system": request.system.id,
        "organisation": request.system.organisation,
        "status": request.system.status,
        "action": request.action,
        "evidence_type": request.evidence_type,
        "provider": request.provider,
        "fields": sorted(request.fields),
        "predicates": sorted(request.predicates),
        "service_item": request.service_item,
        "legal_basis": request.legal_basis,
        "relation": request.relation,
        "loa": request.loa,
        "present": request.present,
        "quota_used_today": request.quota_used_today,
        "mandated": request.mandated,
        "sealed": request.sealed,
        "minor": request.minor,
        "own_division": request.own_division,
        "delivery": request.delivery,
        "consent": None if consent is None else _consent(consent),
    }
    if request.emergency is not None:  # its times stand here: an opening is short, and hardly ever asked under twice
        said["emergency"] = _opening(request.emergency)
    return orjson.dumps(said).decode()


def _opening(opening: Opening) -> dict[str, object]:
    return {
        "id": opening.id,
        "template": opening.template,
        "opened": opening.opened.isoformat(),
        "ends": opening.ends.isoformat(),
    }


def _read_opening(read: dict[str, str] | None) -> Opening | None:
    if read is None:
        return None
    times = {name: datetime.fromisoformat(read[name]) for name in ("opened", "ends")}
    return Opening(id=read["id"], template=read["template"], **times)


def _consent(consent: Consent) -> dict[str, object]:
    return {
        "service_item": consent.service_item,
        "consumer": consent.consumer,
        "evidence_type": consent.evidence_type,
        "fields": sorted(consent.fields),
        "predicates": sorted(consent.predicates),
        "revoked": consent.revoked,
    }


def _names(read: dict[str, Any]) -> dict[str, Any]:
    return {name: frozenset(read[name]) for name in ("fields", "predicates")}


class Asked:
    """What was asked, read once from its text; ``at`` makes the request of a moment. Immutable."""

    __slots__ = ("_consent", "_request", "opening")

    def __init__(self, text: str) -> None:
        """Raises KeyError, TypeError or ValueError for a text that ``asked`` did not write."""
        read: dict[str, Any] = orjson.loads(text)
        consent = read.pop("consent")
        self.opening = _read_opening(read.pop("emergency", None))
        system = SystemPrincipal(read.pop("system"), read.pop("organisation"), read.pop("status"))
        self._consent = None if consent is None else consent | _names(consent)
        kinds = {"action": Action(read["action"]), "delivery": Delivery(read.get("delivery", Delivery.DIRECT))}
        self._request = read | _names(read) | kinds | {"system": system}
        self.at(_EPOCH, _EPOCH, _EPOCH)

    def at(self, now: datetime, begins: datetime | None, ends: datetime | None) -> AccessRequest:
        """The request as made at ``now``, its consent (if there was one) live from ``begins`` until before ``ends``."""
        consent = None
        if self._consent is not None and begins is not None and ends is not None:
            consent = Consent(**self._consent, not_before=begins, not_after=ends)
        return AccessRequest(**self._request, now=now, consent=consent, emergency=self.opening)


class Retrial:
    """Makes logged decisions again by one image. Each kind of asking is decided once for each stretch of time.

    Time enters a decision only by comparison (in Cedar's milliseconds) with the begin and end of grants and of the
    consent, and with the hours of a day that grants name: between two of these instants the same asking has the same
    answer. For one thread.
    """

    def __init__(self, image: PolicyImage) -> None:
        """Nothing is decided yet."""
        self._image = image
        ends = (end for grant in image.members() for end in (grant.valid_from, grant.valid_to))
        self._instants = sorted({milliseconds(end) for end in ends})
        hours = (hour for grant in image.members() if grant.hours for hour in (grant.hours.start, grant.hours.end))
        self._hours = sorted(set(hours))
        self._known: dict[tuple[str, int, int, bool, bool], str] = {}

    def verdict(self, text: str, at: int, begins: int | None, ends: int | None) -> str:
        """What would be said to ``text`` at this instant; all instants in microseconds since 1970."""
        if _EMERGENCY in text:  # it may end within a stretch
            return verdict(self._image.decide(Asked(text).at(_instant(at), _optional(begins), _optional(ends))))
        now = at // 1_000
        begun = begins is not None and begins // 1_000 <= now
        live = ends is not None and now < ends // 1_000
        stretch = bisect_right(self._instants, now)
        key = (text, stretch, bisect_right(self._hours, hour_of_day(now)), begun, live)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            request = Asked(text).at(_instant(at), _optional(begins), _optional(ends))
            found = self._known[key] = verdict(self._image.decide(request))
        return found


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _optional(micros: int | None) -> datetime | None:
    return None if micros is None else _instant(micros)


def verdict(decision: Decision) -> str:
    """What a decision said, in one text (JSON): equal decisions give equal texts."""
    if isinstance(decision, Deny):
        said: dict[str, object] = {
            "permit": False,
            "code": decision.code,
            "clauses": [clause.id for clause in decision.clauses],
            "grants": decision.grants,
        }
    else:
        said = {
            "permit": True,
            "grants": decision.grants,
            "release": decision.release,
            "predicates": sorted(decision.predicates),
            "obligations": [obligation.text for obligation in decision.obligations],
            "quotas": [f"{quota.grant}<{quota.per_day}" for quota in decision.quotas],
        }
    return orjson.dumps(said).decode()


def is_permit(said: str) -> bool:
    """Whether a verdict permits."""
    return bool(orjson.loads(said)["permit"])


def use_of(text: str, said: str, at: datetime) -> Use:
    """A release that was asked for by ``text`` and permitted by the verdict ``said``. Raises KeyError, ValueError."""
    read, told = orjson.loads(text), orjson.loads(said)
    names = _names(read)
    return Use(frozenset(told["grants"]), names["fields"], names["predicates"], at)
