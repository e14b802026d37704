"""Authorization details for evidence (RFC 9396 §2): which evidence, for which case, on which legal basis.

The provider checks form and the client's registration; whether the evidence may be had is the exchange's decision
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from idp.errors import InvalidAuthorizationDetailsError
from idp.model.client import Client
from kernel.canonical import JSON, MalformedJson, decode, encode
from kernel.ledger.personal_data import holds_citizen_number

EVIDENCE = "urn:tongban:params:evidence"
MAX_BYTES = 16 * 1024
"""Of the parameter as it is sent, spaces and all."""
MAX_TOKEN_SHARE = 6 * 1024
"""Bytes of the details as a token says them: with the longest of everything else it stays one that can be read, here
and at the exchange (`kernel.jose.MAX_TOKEN_BYTES`).
"""
MAX_DETAILS = 10
MAX_EVIDENCE = 20
MAX_NAMES = 100

_DETAIL_MEMBERS = frozenset({"type", "locations", "service_item", "case", "legal_basis", "evidence"})
_EVIDENCE_MEMBERS = frozenset({"type", "fields", "predicates"})
_CASE = re.compile(r"case_[0-9A-HJKMNP-TV-Z]{26}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_BASIS = re.compile(r"\S(?:.{0,198}\S)?")


@dataclass(frozen=True, slots=True)
class EvidenceAsked:
    """One evidence type with the fields and the yes/no questions asked of it. Neither implies the other."""

    type: str
    fields: frozenset[str]
    predicates: frozenset[str]

    def covers(self, other: EvidenceAsked) -> bool:
        """Whether ``other`` asks nothing beyond this."""
        return self.type == other.type and other.fields <= self.fields and other.predicates <= self.predicates

    def to_json(self) -> dict[str, JSON]:
        """The wire form."""
        return {"type": self.type, "fields": [*sorted(self.fields)], "predicates": [*sorted(self.predicates)]}


@dataclass(frozen=True, slots=True)
class EvidenceDetail:
    """One authorization detail: everything in it belongs to one case of one service item on one legal basis."""

    location: str
    service_item: str
    case: str
    legal_basis: str
    evidence: tuple[EvidenceAsked, ...]

    def covers(self, other: EvidenceDetail) -> bool:
        """Whether ``other`` asks nothing beyond this (RFC 9396 §6.1)."""
        same = (self.location, self.service_item, self.case, self.legal_basis)
        if same != (other.location, other.service_item, other.case, other.legal_basis):
            return False
        return all(any(own.covers(asked) for own in self.evidence) for asked in other.evidence)

    def to_json(self) -> dict[str, JSON]:
        """The wire form, as it stands in tokens and token responses."""
        return {
            "type": EVIDENCE,
            "locations": [self.location],
            "service_item": self.service_item,
            "case": self.case,
            "legal_basis": self.legal_basis,
            "evidence": [asked.to_json() for asked in self.evidence],
        }


Details = tuple[EvidenceDetail, ...]


def parse_details(text: str, *, client: Client, exchange: str) -> Details:
    """The ``authorization_details`` parameter of a client, for the exchange whose resource identifier is given.

    Raises InvalidAuthorizationDetailsError (RFC 9396 §5): not JSON, too long, unknown type or member, another
    location, a service item the client is not registered for, or what looks like a citizen number (it is recorded).
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise InvalidAuthorizationDetailsError(f"authorization_details is longer than {MAX_BYTES} bytes.")
    try:
        values = decode(text)
    except MalformedJson:
        raise InvalidAuthorizationDetailsError("authorization_details is not well-formed JSON.") from None
    details = tuple(_detail(value, exchange) for value in _items(values, "authorization_details", MAX_DETAILS))
    if holds_citizen_number("\n".join(_texts(details)).encode()):
        raise InvalidAuthorizationDetailsError("authorization_details holds what looks like a citizen number.")
    if len(encode(to_json(details))) > MAX_TOKEN_SHARE:
        raise InvalidAuthorizationDetailsError(
            f"authorization_details is longer than {MAX_TOKEN_SHARE} bytes as a token says it: ask in several tokens."
        )
    refuse_unregistered(details, client, client.registration)
    return details


def refuse_unregistered(details: Details, client: Client, since: int) -> None:
    """Raises InvalidAuthorizationDetailsError for a service item that the client does not have.

    ``since``: the registration under which it was allowed; what was taken after that does not come back (S2).
    """
    if foreign := [detail for detail in details if not client.handles(detail.service_item, since)]:
        raise InvalidAuthorizationDetailsError(f"{len(foreign)} service item(s) not registered for this client.")


def stored_details(values: JSON) -> Details:
    """Details this provider stored itself."""
    items = values if isinstance(values, list) else []
    return tuple(_detail(value, _stored_location(value)) for value in items)


def narrowed(granted: Details, asked: Details) -> Details:
    """``asked``, when what was granted covers it. Raises InvalidAuthorizationDetailsError otherwise (RFC 9396 §6.1)."""
    if not all(any(own.covers(detail) for own in granted) for detail in asked):
        raise InvalidAuthorizationDetailsError("More is asked than was granted.")
    return asked


def to_json(details: Iterable[EvidenceDetail]) -> list[JSON]:
    """The wire form of several details."""
    return [detail.to_json() for detail in details]


def _texts(details: Details) -> Iterator[str]:
    """Every text in them: a number is found in each as it is, not as JSON would escape what stands before it."""
    for detail in details:
        yield from (detail.service_item, detail.case, detail.legal_basis)
        for asked in detail.evidence:
            yield from (asked.type, *asked.fields, *asked.predicates)


def _stored_location(value: JSON) -> str:
    locations = value.get("locations") if isinstance(value, dict) else None
    return str(locations[0]) if isinstance(locations, list) and locations else ""


def _detail(value: JSON, exchange: str) -> EvidenceDetail:
    members = _members(value, _DETAIL_MEMBERS, "A detail")
    if members.get("type") != EVIDENCE:  # RFC 9396 §5: an unknown type
        raise InvalidAuthorizationDetailsError(f"The only type known here is {EVIDENCE}.")
    if members.get("locations", [exchange]) != [exchange]:  # RFC 9396 §2.2
        raise InvalidAuthorizationDetailsError("locations must name the exchange.")
    return EvidenceDetail(
        location=exchange,
        service_item=_text(members, "service_item", _NAME),
        case=_text(members, "case", _CASE),
        legal_basis=_text(members, "legal_basis", _BASIS),
        evidence=_evidence(members.get("evidence")),
    )


def _evidence(value: JSON) -> tuple[EvidenceAsked, ...]:
    asked = tuple(_asked(item) for item in _items(value, "evidence", MAX_EVIDENCE))
    if len({item.type for item in asked}) != len(asked):
        raise InvalidAuthorizationDetailsError("An evidence type is named twice in one detail.")
    return asked


def _asked(value: JSON) -> EvidenceAsked:
    members = _members(value, _EVIDENCE_MEMBERS, "An evidence entry")
    asked = EvidenceAsked(
        _text(members, "type", _NAME),
        _names(members.get("fields", []), "fields"),
        _names(members.get("predicates", []), "predicates"),
    )
    if not asked.fields and not asked.predicates:
        raise InvalidAuthorizationDetailsError("An evidence entry asks for nothing.")
    return asked


def _members(value: JSON, known: frozenset[str], what: str) -> Mapping[str, JSON]:
    if not isinstance(value, dict):
        raise InvalidAuthorizationDetailsError(f"{what} is not an object.")
    if not value.keys() <= known:  # RFC 9396 §5: unknown fields of a known type
        raise InvalidAuthorizationDetailsError(f"{what} has an unknown member.")
    return value


def _items(value: JSON, what: str, most: int) -> list[JSON]:
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise InvalidAuthorizationDetailsError(f"{what} must be an array of 1 to {most} entries.")
    return value


def _text(members: Mapping[str, JSON], name: str, form: re.Pattern[str]) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise InvalidAuthorizationDetailsError(f"{name} is missing or malformed.")
    return value


def _names(value: JSON, what: str) -> frozenset[str]:
    if not isinstance(value, list) or len(value) > MAX_NAMES:
        raise InvalidAuthorizationDetailsError(f"{what} must be an array of at most {MAX_NAMES} names.")
    names = [name for name in value if isinstance(name, str) and _NAME.fullmatch(name)]
    if len(names) != len(value) or len(set(names)) != len(names):
        raise InvalidAuthorizationDetailsError(f"{what} must hold names, each once.")
    return frozenset(names)
