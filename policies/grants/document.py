"""A grant as a document: the JSON that stores and manifests hold, and the digest that approvals sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from kernel.canonical import JSON, encode
from kernel.dates import read_instant
from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies import cedar, guards, schema
from policies.delivery import Delivery
from policies.grants import expectations
from policies.grants.events import GrantState, Signature, Status
from policies.grants.grant import Grant
from policies.grants.review import ReviewPackage
from policies.grants.routing import TWO
from policies.grants.terms import BasisKind, EmergencyUse, Hours, InvalidGrant, NoticeDelay, Obligation
from policies.roles import Role

_UNREADABLE = Text("授权文件的内容或写法不正确", "The grant document has a wrong member or a wrong value")


def grant_to_json(grant: Grant) -> dict[str, JSON]:
    """The canonical form: lists sorted, times in UTC with milliseconds. ``grant_from_json`` reads it without loss."""
    said: dict[str, JSON] = {
        "id": grant.id,
        "version": grant.version,
        "consumer": grant.consumer,
        "provider": grant.provider,
        "evidence_type": grant.evidence_type,
        "service_items": _names(grant.service_items),
        "legal_basis": grant.legal_basis,
        "basis_kind": grant.basis_kind.value,
        "valid_from": cedar.literal_time(grant.valid_from),
        "valid_to": cedar.literal_time(grant.valid_to),
        "statute": {"zh": grant.statute.zh, "en": grant.statute.en},
        "fields": _names(grant.fields),
        "predicates": _names(grant.predicates),
        "masks": {name: mask.value for name, mask in grant.masks.items()},
        "min_loa": grant.min_loa,
        "relations": _names(grant.relations),
        "absent_allowed": grant.absent_allowed,
        "quota_per_day": grant.quota_per_day,
        "obligations": [obligation.text for obligation in grant.obligations],
    }
    return said | _later_members(grant)


def _later_members(grant: Grant) -> dict[str, JSON]:
    # Left out where they say nothing: grants that were signed before there were such members keep their digest.
    said: dict[str, JSON] = {}
    if grant.hours is not None:
        said["hours"] = {"from": grant.hours.start, "to": grant.hours.end}
    if grant.mandate_required:
        said["mandate_required"] = True
    if grant.own_division_only:
        said["own_division_only"] = True
    if grant.delivery_modes is not None:
        said["delivery_modes"] = _names(frozenset(mode.value for mode in grant.delivery_modes))
    if grant.emergency is not None:
        said["emergency"] = _emergency_said(grant.emergency)
    if grant.expectations:
        said["expectations"] = [expectations.to_json(one) for one in grant.expectations]
    return said


def _emergency_said(use: EmergencyUse) -> dict[str, JSON]:
    said: dict[str, JSON] = {"minutes": use.minutes}
    if use.delay is not None:
        statute: JSON = {"zh": use.delay.statute.zh, "en": use.delay.statute.en}
        said["notice_delay"] = {"days": use.delay.days, "statute": statute}
    return said


def _names(values: frozenset[str]) -> list[JSON]:
    return [*sorted(values)]


def grant_from_json(document: object) -> Grant:
    """Read the canonical form; members with a default may be missing, unknown ones may not. Raises InvalidGrant."""
    known = {attribute.name for attribute in fields(Grant)}
    if not isinstance(document, dict) or not document.keys() <= known:
        raise InvalidGrant(_UNREADABLE)
    try:
        values: dict[str, Any] = {name: _READERS.get(name, _as_it_is)(value) for name, value in document.items()}
        return Grant(**values)
    except InvalidGrant:
        raise
    except (TypeError, ValueError, AttributeError, LookupError):
        raise InvalidGrant(_UNREADABLE) from None


def _as_it_is(value: object) -> object:
    return value


def _name_set(value: list[str]) -> frozenset[str]:
    if not isinstance(value, list) or len(set(value)) != len(value):
        raise InvalidGrant(Text("清单中有重复或写法不正确", "A list holds a duplicate, or is no list"))
    return frozenset(value)


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _moment(value: str) -> datetime:
    """An RFC 3339 date-time."""
    moment = read_instant(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment  # a time without zone is refused by the grant


def _hours(value: Mapping[str, Any] | None) -> Hours | None:
    if value is None:
        return None
    if value.keys() != {"from", "to"}:
        raise InvalidGrant(_UNREADABLE)
    return Hours(value["from"], value["to"])


def _emergency(value: Mapping[str, Any] | None) -> EmergencyUse | None:
    if value is None:
        return None
    delay = value.get("notice_delay")
    if not value.keys() <= {"minutes", "notice_delay"} or (delay is not None and delay.keys() != {"days", "statute"}):
        raise InvalidGrant(_UNREADABLE)
    return EmergencyUse(
        value["minutes"], None if delay is None else NoticeDelay(delay["days"], _text(delay["statute"]))
    )


def _delivery_modes(value: list[str] | None) -> frozenset[Delivery] | None:
    return None if value is None else frozenset(map(Delivery, _name_set(value)))


def _text(value: Mapping[str, str]) -> Text:
    return Text(**value)


_READERS: Mapping[str, Callable[[Any], object]] = {
    "service_items": _name_set,
    "fields": _name_set,
    "predicates": _name_set,
    "relations": _name_set,
    "basis_kind": BasisKind,
    "valid_from": _moment,
    "valid_to": _moment,
    "statute": _text,
    "masks": lambda value: {name: Mask(mask) for name, mask in value.items()},
    "hours": _hours,
    "emergency": _emergency,
    "delivery_modes": _delivery_modes,
    "obligations": lambda value: tuple(Obligation.parse(text) for text in value),
    "expectations": lambda value: tuple(expectations.from_json(one) for one in _list(value)),
}


def digest(grant: Grant, review: ReviewPackage | None = None) -> str:
    """What an approval signs: the row, the Cedar text generated from it, the schema it is read by (SHA-256).

    Of attributes that the schema was given later only those that the text reads are part of it.

    With a review also the guards and all that was shown: the digest of hierarchy and grants in force, proof, examples,
    simulation. Any changed byte gives another digest and so voids the signatures given before.
    """
    signed: dict[str, JSON] = {
        "grant": grant_to_json(grant),
        "cedar": cedar.render(grant),
        "schema": schema.text(_unread(grant)),
    }
    if review is not None:
        signed |= {"guards": guards.text(), "review": review.to_json()}
    return f"sha256:{sha256(encode(signed)).hexdigest()}"


def _unread(grant: Grant) -> frozenset[str]:
    read = {
        "hour": grant.hours is not None,
        "mandated": grant.mandate_required,
        "emergency?": grant.emergency is not None,
        "ownDivision": grant.own_division_only,
        "delivery": grant.delivery_modes is not None,
    }
    return frozenset(name for name in schema.ADDED if not read.get(name, False))


def state_to_json(state: GrantState) -> dict[str, JSON]:
    """A grant's state for a store; its review is kept beside, since whoever decides does not need it."""
    # Left out where it says nothing, as from states that were stored before there was such a member.
    told: dict[str, JSON] = {"unconditional": True} if state.unconditional else {}
    return told | {
        "grant": grant_to_json(state.grant),
        "status": state.status.value,
        "authors": _names(state.authors),
        "changed_at": state.changed_at.isoformat(),
        "revision": state.revision,
        "digest": state.digest,
        "signatures": [_signature_to_json(signature) for signature in state.signatures],
        "reactivation": [_signature_to_json(signature) for signature in state.reactivation],
        "endorsements": [_signature_to_json(signature) for signature in state.endorsements],
        "panel": [seat.value for seat in state.panel],
    }


def state_from_json(document: Mapping[str, Any], review: ReviewPackage | None = None) -> GrantState:
    """Read what ``state_to_json`` wrote; ``review`` is what was kept beside.

    Raises InvalidGrant, ValueError, KeyError or TypeError for anything else.
    """
    return GrantState(
        grant=grant_from_json(document["grant"]),
        status=Status(document["status"]),
        authors=frozenset(document["authors"]),
        changed_at=datetime.fromisoformat(document["changed_at"]),
        revision=document["revision"],
        digest=document["digest"],
        signatures=tuple(_signature_from_json(signature) for signature in document["signatures"]),
        reactivation=tuple(_signature_from_json(signature) for signature in document["reactivation"]),
        endorsements=tuple(_signature_from_json(signature) for signature in document.get("endorsements", ())),
        panel=tuple(Role(seat) for seat in document["panel"]) if "panel" in document else TWO,
        unconditional=document.get("unconditional", False),
        review=review if document["digest"] else None,
    )


def _signature_to_json(signature: Signature) -> dict[str, JSON]:
    return {
        "officer": signature.officer,
        "role": signature.role.value,
        "digest": signature.digest,
        "at": signature.at.isoformat(),
    }


def _signature_from_json(document: Mapping[str, Any]) -> Signature:
    at = datetime.fromisoformat(document["at"])
    return Signature(document["officer"], Role(document["role"]), document["digest"], at)
