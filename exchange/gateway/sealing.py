"""Evidence as a signed statement of the exchange: one compact JWS per item, over exactly what leaves (RFC 7515, RFC
8725 §3.11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.source import Retrieved, Source
from exchange.catalogue.registry import Registry
from exchange.certificates.standing import CertificateStatus
from exchange.gateway.asking import Asking
from exchange.gateway.disclosure import Disclosed
from exchange.gateway.enforcement import Permitted
from kernel import jose
from kernel.canonical import JSON
from kernel.dates import time_text
from policies.obligations import WATERMARK

EVIDENCE_TYPE = "evidence+jwt"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One piece of evidence: its claims, and the JWS over them."""

    claims: dict[str, JSON] = field(repr=False)
    jws: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Signs as ``issuer`` (the exchange's identifier) with whatever key is active at the moment."""

    issuer: str
    signing: Callable[[], jose.SigningKey]

    def seal(
        self,
        asking: Asking,
        ruling: Permitted,
        disclosed: Disclosed,
        provenance: dict[str, JSON],
        mark: dict[str, JSON] | None = None,
    ) -> Sealed:
        """The evidence of one item, with its watermark. It names no person: whom it is about, the case knows."""
        permit, request = ruling.permit, asking.request
        claims: dict[str, JSON] = {
            "iss": self.issuer,
            "aud": asking.system.organisation,
            "jti": f"{asking.id}/{ruling.item.number}",
            "iat": int(asking.moment.timestamp()),
            "case": request.case,
            "service_item": request.service_item,
            "legal_basis": request.legal_basis,
            "relation": ruling.concerned.relation,
            "evidence": _evidence(ruling.item.type, disclosed),
            "provenance": provenance,
            "grants": list(permit.grants),
            "decision_id": ruling.decision,
            "obligations": [obligation.text for obligation in permit.obligations],
        }
        if request.emergency is not None:
            claims["emergency"] = request.emergency
        if mark is not None:
            claims["watermark"] = mark
        return Sealed(claims, jose.sign(claims, self.signing(), typ=EVIDENCE_TYPE))


def provenance(
    found: Retrieved, source: Source | None, provider: str, registry: Registry, fields: Iterable[str] = ()
) -> dict[str, JSON]:
    """Where a record comes from, as of when, and how far it can be trusted (grades A to D).

    ``field_times``: of those ``fields`` that leave and have a time of their own.
    """
    organisation = registry.organisations[provider]
    said: dict[str, JSON] = {
        "provider": provider,
        "provider_name": {"zh": organisation.name.zh, "en": organisation.name.en},
        "source_time": instant(found.source_time) if found.source_time else None,
        "retrieved_at": instant(found.retrieved_at),
        "trust_grade": source.trust_grade if source else None,
    }
    if own := {name: instant(found.times[name]) for name in fields if name in found.times}:
        said["field_times"] = dict(own)
    return said


def certificate_status(stands: CertificateStatus) -> dict[str, JSON]:
    """How the certificate stands that a piece of evidence is, as its provenance says it."""
    said: dict[str, JSON] = {
        "status": stands.code,
        "label": {"zh": stands.label.zh, "en": stands.label.en},
        "since": None if stands.since is None else instant(stands.since),
        "as_of": instant(stands.as_of),
    }
    more = {"found_by": stands.found_by, "reason": stands.reason, "told_by": stands.told_by}
    return said | {name: str(value) for name, value in more.items() if value is not None}


def watermark(asking: Asking, ruling: Permitted, registry: Registry) -> dict[str, JSON] | None:
    """What marks data and answers alike where a grant asks for it: who asked, in which request, when.

    ``text`` is the line that whoever shows the evidence puts across it.
    """
    if all(obligation.kind != WATERMARK for obligation in ruling.permit.obligations):
        return None
    consumer, request = asking.system.organisation, f"{asking.id}/{ruling.item.number}"
    name = registry.organisations[consumer].name
    zh, en = (time_text(asking.moment, language) for language in ("zh", "en"))
    return {
        "consumer": consumer,
        "request": request,
        "at": instant(asking.moment),
        "text": {
            "zh": f"仅供{name.zh}办理本次申请使用 · {request} · {zh}",
            "en": f"For this application at {name.en} only · {request} · {en}",
        },
    }


def instant(moment: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _evidence(kind: str, disclosed: Disclosed) -> dict[str, JSON]:
    evidence: dict[str, JSON] = {"type": kind}
    if disclosed.data is not None:
        evidence["data"] = dict(disclosed.data)
    if disclosed.answers:
        evidence["answers"] = [dict(answer) for answer in disclosed.answers]
    return evidence
