"""A small registry, one grant and one request that it permits; tests change one thing and look what happens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.decision import Deny, Permit
from policies.grants.review import ChangeClass, Examination, Recheck, ReviewPackage
from policies.guards import GUARDS, Guard
from policies.index import PolicyImage
from policies.model import AccessRequest, Action, BasisKind, Consent, Grant, Obligation, SystemPrincipal
from policies.reference import Judge
from policies.registry import (
    RegisteredEvidenceType,
    RegisteredField,
    RegisteredOrganisation,
    RegisteredServiceItem,
    RegisteredSystem,
    Registry,
)

NOW = datetime(2031, 6, 15, 9, 30, tzinfo=UTC)


def field(name: str, mask: Mask = Mask.CLEAR) -> RegisteredField:
    return RegisteredField(Text(f"字段{name}", f"field {name}"), mask)


REGISTRY = Registry(
    systems={
        "scholarship-portal": RegisteredSystem("social-welfare", "active"),
        "old-portal": RegisteredSystem("social-welfare", "suspended"),
        "housing-desk": RegisteredSystem("housing", "active"),
        "stray": RegisteredSystem("dissolved", "active"),
    },
    organisations={
        "municipality": RegisteredOrganisation(),
        "social-welfare": RegisteredOrganisation(frozenset({"municipality"})),
        "housing": RegisteredOrganisation(),
        "revenue": RegisteredOrganisation(frozenset({"municipality"})),
        "dissolved": RegisteredOrganisation(),
    },
    evidence_types={
        "revenue-papers": RegisteredEvidenceType("revenue", {}),
        "income-certificate": RegisteredEvidenceType(
            "revenue",
            {
                "cert_no": field("cert_no"),
                "full_name": field("full_name", Mask.NAME),
                "income_band": field("income_band"),
                "valid_until": field("valid_until"),
                "address": field("address"),
            },
            frozenset({"valid-on", "exists"}),
            2,
            frozenset({"revenue-papers"}),
        ),
        "orphaned": RegisteredEvidenceType("vanished", {"a": field("a")}),
    },
    service_items={
        "scholarships": RegisteredServiceItem({}),
        "post-matric": RegisteredServiceItem(
            {"rules-4-2": BasisKind.CONSENT, "act-9": BasisKind.STATUTORY}, frozenset({"scholarships"})
        ),
        "parking": RegisteredServiceItem({"rules-4-2": BasisKind.CONSENT, "act-9": BasisKind.STATUTORY}),
    },
)

GRANT = Grant(
    id="DEM-0007",
    version=3,
    consumer="social-welfare",
    provider="revenue",
    evidence_type="income-certificate",
    service_items=frozenset({"scholarships"}),
    legal_basis="rules-4-2",
    basis_kind=BasisKind.CONSENT,
    valid_from=datetime(2031, 1, 1, tzinfo=UTC),
    valid_to=datetime(2032, 1, 1, tzinfo=UTC),
    statute=Text("《助学规定》第四条第二款", "Scholarship Rules s.4(2)"),
    fields=frozenset({"cert_no", "full_name", "income_band", "valid_until"}),
    masks={"cert_no": Mask.LAST4},
    quota_per_day=500,
    obligations=(Obligation.parse("notify-citizen:P1D"), Obligation.parse("retain:P90D")),
)

WIDER = ReviewPackage(
    Examination(change=ChangeClass.WIDENING, sensitive=(), basis="sha256:basis", shown={"class": "widening"})
)
"""A review of a change that two must sign."""

FOUND = Recheck("sha256:basis")
"""What the examiner finds again when nothing has changed since."""

CONSENT = Consent(
    service_item="post-matric",
    consumer="social-welfare",
    evidence_type="income-certificate",
    fields=frozenset({"full_name", "income_band", "cert_no"}),
    predicates=frozenset(),
    not_before=NOW - timedelta(days=14),
    not_after=NOW + timedelta(days=14),
    revoked=False,
)

REQUEST = AccessRequest(
    system=SystemPrincipal("scholarship-portal", "social-welfare", "active"),
    action=Action.OBTAIN,
    evidence_type="income-certificate",
    provider="revenue",
    fields=frozenset({"full_name", "income_band"}),
    predicates=frozenset(),
    service_item="post-matric",
    legal_basis="rules-4-2",
    now=NOW,
    loa=2,
    present=True,
    consent=CONSENT,
    quota_used_today=41,
)


def grant(**changes: Any) -> Grant:
    return replace(GRANT, **changes)


def request(**changes: Any) -> AccessRequest:
    return replace(REQUEST, **changes)


def consent(**changes: Any) -> Consent:
    return replace(CONSENT, **changes)


def image(*grants: Grant, guards: tuple[Guard, ...] = GUARDS, registry: Registry = REGISTRY) -> PolicyImage:
    return PolicyImage.build(grants or (GRANT,), registry, epoch=7, guards=guards)


def decide(asked: AccessRequest, *grants: Grant) -> Permit | Deny:
    """The decision, after both engines agreed on it."""
    policies = image(*grants)
    decision, reference = policies.decide(asked), Judge(policies, sliced=False).judge(asked)
    assert agree(decision, reference), (decision, reference)
    return decision


def agree(compiled: Permit | Deny, reference: Permit | Deny) -> bool:
    """Equal permits to the last mask; refusals by the same guards; errors on neither side alone."""
    if isinstance(compiled, Permit) or isinstance(reference, Permit):
        return compiled == reference
    error = "policy.engine-error"
    return guards_of(compiled) == guards_of(reference) and (compiled.code == error) == (reference.code == error)


def guards_of(refusal: Deny) -> set[str]:
    return {clause.id.partition("#")[0] for clause in refusal.clauses if clause.id.startswith("GUARD")}


def refused(asked: AccessRequest, *grants: Grant) -> Deny:
    decision = decide(asked, *grants)
    assert isinstance(decision, Deny), decision
    return decision


def permitted(asked: AccessRequest, *grants: Grant) -> Permit:
    decision = decide(asked, *grants)
    assert isinstance(decision, Permit), decision
    return decision


def clause_ids(refusal: Deny) -> list[str]:
    return [clause.id for clause in refusal.clauses]
