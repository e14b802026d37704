"""Before any policy: is the request exactly of the declared types, and is everything it names registered?

Cedar skips a policy whose condition fails with an error, even one that forbids, and takes an ``in`` on an unknown
entity for false. So whatever could err or be unknown is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from kernel.text import Text
from policies.decision import UnmetClause
from policies.grant import HIGHEST_ASSURANCE
from policies.model import AccessRequest, Action, Consent, Opening, SystemPrincipal
from policies.registry import Registry

_HIGHEST_LONG = 2**63 - 1


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return type(value) is bool


def _is_time(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None


def _are_names(value: object) -> bool:
    return isinstance(value, frozenset) and all(isinstance(name, str) for name in value)


def _is_level(value: object) -> bool:
    # True == 1 in Python, not in Cedar: the type itself is compared.
    return type(value) is int and 0 <= value <= HIGHEST_ASSURANCE


def _is_long(value: object) -> bool:
    return type(value) is int and 0 <= value <= _HIGHEST_LONG


def _is_principal(value: object) -> bool:
    return isinstance(value, SystemPrincipal) and all(map(_is_text, (value.id, value.organisation, value.status)))


def _is_consent(value: object) -> bool:
    return value is None or (isinstance(value, Consent) and _conforms(value, _CONSENT))


def _is_opening(value: object) -> bool:
    return value is None or (isinstance(value, Opening) and _conforms(value, _OPENING))


_OPENING: Mapping[str, Callable[[object], bool]] = {
    "id": _is_text,
    "template": _is_text,
    "opened": _is_time,
    "ends": _is_time,
}
_CONSENT: Mapping[str, Callable[[object], bool]] = {
    "service_item": _is_text,
    "consumer": _is_text,
    "evidence_type": _is_text,
    "fields": _are_names,
    "predicates": _are_names,
    "not_before": _is_time,
    "not_after": _is_time,
    "revoked": _is_flag,
}
_REQUEST: Mapping[str, Callable[[object], bool]] = {
    "system": _is_principal,
    "action": lambda value: isinstance(value, Action),
    "evidence_type": _is_text,
    "provider": _is_text,
    "fields": _are_names,
    "predicates": _are_names,
    "service_item": _is_text,
    "legal_basis": _is_text,
    "now": _is_time,
    "relation": _is_text,
    "loa": _is_level,
    "present": _is_flag,
    "consent": _is_consent,
    "quota_used_today": _is_long,
    "mandated": _is_flag,
    "sealed": _is_flag,
    "minor": _is_flag,
    "emergency": _is_opening,
}


def _conforms(value: object, attributes: Mapping[str, Callable[[object], bool]]) -> bool:
    # A loop: a generator costs as much again, and this is asked of every request.
    for name, check in attributes.items():  # noqa: SIM110
        if not check(getattr(value, name)):
            return False
    return True


def well_formed(request: AccessRequest) -> bool:
    """Whether every attribute has exactly the declared type and range; anything else is refused unread."""
    return isinstance(request, AccessRequest) and _conforms(request, _REQUEST)


def _principal_is_known(request: AccessRequest, registry: Registry) -> bool:
    system = registry.systems.get(request.system.id)
    return (
        system is not None
        and system.organisation == request.system.organisation
        and system.organisation in registry.organisations
    )


def _resource_is_known(request: AccessRequest, registry: Registry) -> bool:
    evidence_type = registry.evidence_types.get(request.evidence_type)
    return (
        evidence_type is not None
        and evidence_type.provider == request.provider
        and request.provider in registry.organisations
    )


def _purpose_is_known(request: AccessRequest, registry: Registry) -> bool:
    return request.service_item in registry.service_items


def _basis_is_known(request: AccessRequest, registry: Registry) -> bool:
    return request.legal_basis in registry.service_items[request.service_item].legal_bases


def _fields_are_known(request: AccessRequest, registry: Registry) -> bool:
    return request.fields <= registry.evidence_types[request.evidence_type].fields.keys()


def _predicates_are_known(request: AccessRequest, registry: Registry) -> bool:
    return request.predicates <= registry.evidence_types[request.evidence_type].predicates


_LOOKUPS: tuple[tuple[Callable[[AccessRequest, Registry], bool], UnmetClause], ...] = (
    (
        _principal_is_known,
        UnmetClause(
            "REGISTRY#principal",
            "policy.unknown-principal",
            Text("该系统或其所属机构未登记", "The system or its organisation is not registered"),
        ),
    ),
    (
        _resource_is_known,
        UnmetClause(
            "REGISTRY#resource",
            "policy.unknown-resource",
            Text("该材料类型未登记，或不属于所称的提供机构", "The evidence type is not registered for that provider"),
        ),
    ),
    (
        _purpose_is_known,
        UnmetClause(
            "REGISTRY#purpose",
            "policy.unknown-purpose",
            Text("该政务服务事项未登记", "The service item is not registered"),
        ),
    ),
    (
        _basis_is_known,
        UnmetClause(
            "REGISTRY#basis",
            "policy.unknown-basis",
            Text("该事项没有登记这一法定依据", "The service item does not stand on that legal basis"),
        ),
    ),
    (
        _fields_are_known,
        UnmetClause(
            "REGISTRY#fields",
            "policy.unknown-field",
            Text("所申请字段中有目录未登记的", "A field asked for is not in the catalogue"),
        ),
    ),
    (
        _predicates_are_known,
        UnmetClause(
            "REGISTRY#predicates",
            "policy.unknown-predicate",
            Text("所提是非问题中有目录未登记的", "A yes/no question asked is not in the catalogue"),
        ),
    ),
)
"""In this order: each may rely on those before it."""


def unregistered(request: AccessRequest, registry: Registry) -> UnmetClause | None:
    """The first thing the request names that the registry does not know, or None."""
    for known, clause in _LOOKUPS:
        if not known(request, registry):
            return clause
    return None
