"""The catalogue as policies see it: what exists, who owns it, and nothing they do not need."""

from __future__ import annotations

from exchange.catalogue.model import NOT_SHARED, UNCONDITIONAL, EvidenceType
from exchange.catalogue.registry import Registry
from policies import registry as policies
from policies.grants.terms import BasisKind


def policy_registry(catalogue: Registry) -> policies.Registry:
    """The registry a policy image is built with."""
    return policies.Registry(
        systems={
            name: policies.RegisteredSystem(system.organisation, system.status.value)
            for name, system in catalogue.systems.items()
        },
        organisations={code: policies.RegisteredOrganisation() for code in catalogue.organisations},
        evidence_types={code: _evidence_type(kind) for code, kind in catalogue.evidence_types.items()},
        service_items={
            code: policies.RegisteredServiceItem(
                {basis.code: BasisKind(basis.kind) for basis in item.legal_bases.values()}
            )
            for code, item in catalogue.service_items.items()
        },
    )


def _evidence_type(kind: EvidenceType) -> policies.RegisteredEvidenceType:
    fields = {
        name: policies.RegisteredField(field.label, field.minimal_mask, field.sensitivity)
        for name, field in kind.fields.items()
    }
    withheld, free = kind.shared(NOT_SHARED), kind.shared(UNCONDITIONAL)
    return policies.RegisteredEvidenceType(
        kind.provider,
        fields,
        frozenset(kind.predicates),
        kind.classification,
        behind={name: kind.touched((), (name,)) for name in kind.predicates},
        unshared_fields=withheld.fields,
        unshared_predicates=withheld.predicates,
        unconditional_fields=free.fields,
        unconditional_predicates=free.predicates,
    )
