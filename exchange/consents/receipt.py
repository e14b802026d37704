"""What a person keeps of a consent: who, for what, which data, until when, how to take it back; signed.

Modelled on the record structure of ISO/IEC TS 27560 and on the Kantara consent receipt; conformance to neither is
claimed. ``pii_principal_id`` is the consent's own name. It holds no person's number but the ends of two: of whoever
acted for somebody else, and of whom they acted for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kernel import jose
from kernel.canonical import JSON

RECEIPT_TYPE = "consent-receipt+jwt"
SCHEMA = "urn:tongban:consent-receipt:1"


@dataclass(frozen=True, slots=True)
class Receipts:
    """Signs as ``issuer`` (the exchange's identifier)."""

    issuer: str
    signing: Callable[[], jose.SigningKey]

    def of(
        self, view: Mapping[str, Any], acted: Mapping[str, Any] | None, issued_at: int
    ) -> tuple[dict[str, JSON], str]:
        """The receipt of a consent as ``views.detailed`` shows it to its person: in clear, and signed.

        ``acted``: who gave it for whom, in what capacity; None where whom it is about did.
        """
        claims: dict[str, JSON] = {
            "iss": self.issuer,
            "iat": issued_at,
            "jti": view["consent"],
            "schema_version": SCHEMA,
            "modelled_on": ["ISO/IEC TS 27560", "Kantara consent receipt"],
            "record_id": view["consent"],
            "pii_principal_id": view["consent"],
            "pii_processing": [_processing(view, self.issuer)],
            "party_identification": [_party(view["consumer"], "recipient"), _party(view["provider"], "controller")],
            "event": _events(view),
        }
        if acted is not None:
            claims["acted_for"] = dict(acted)
        return claims, jose.sign(claims, self.signing(), typ=RECEIPT_TYPE)


def _processing(view: Mapping[str, Any], issuer: str) -> dict[str, JSON]:
    return {
        "purpose": view["service_item"],
        "case": view["case"],
        "lawful_basis": {"kind": "consent", "citation": view["ground"]},
        "pii_type": view["evidence_type"],
        "pii_information": view["fields"],
        "pii_controllers": [view["provider"]["code"]],
        "recipient_third_parties": [view["consumer"]["code"]],
        "frequency": {"kind": view["frequency"], "times": view["times"]},
        "valid_from": view["from"],
        "valid_until": view["until"],
        "withdrawal_method": f"{issuer}/my/consents/{view['consent']}",
        "terms": view["terms"],
    }


def _party(named: Mapping[str, Any], role: str) -> dict[str, JSON]:
    return {"party_id": named["code"], "party_name": named["name"], "party_role": role}


def _events(view: Mapping[str, Any]) -> list[JSON]:
    """What happened to it up to now."""
    times = (("requested", "asked_at"), ("given", "given_at"), ("withdrawn", "withdrawn_at"))
    return [{"event_type": said, "event_time": view[at]} for said, at in times if view[at] is not None]
