"""Before any policy: is the request exactly of the declared types, and is everything it names registered?

Cedar skips a policy whose condition fails with an error, even one that forbids, and takes an ``in`` on an unknown
entity for false. So whatever could err or be unknown is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter

from kernel.text import Text
from policies.decision import UnmetClause
from policies.delivery import Delivery
from policies.grants.terms import HIGHEST_ASSURANCE
from policies.model import AccessRequest, Action, Consent, Opening, SystemPrincipal
from policies.registry import Registry

_HIGHEST_LONG = 2**63 - 1


_TEXTS = frozenset({str})


class _Shape:
    """A kind of value: the attributes that their type settles, and those that need a look of their own.

    What is settled by types is seen of all of them at once: this is asked of every request.
    """

    def __init__(self, types: Mapping[str, type], looks: Mapping[str, Callable[[object], bool]]) -> None:
        self._read, self._types = attrgetter(*types), tuple(types.values())
        self._looks = tuple((attrgetter(name), look) for name, look in looks.items())

    def fits(self, value: object) -> bool:
        """Whether every attribute is as declared."""
        values = self._read(value)
        if tuple(map(type, values)) != self._types and not all(map(isinstance, values, self._types)):
            return False
        # A loop: a generator costs as much again.
        for read, look in self._looks:  # noqa: SIM110
            if not look(read(value)):
                return False
        return True


def _is_time(value: object) -> bool:
    return isinstance(value, datetime) and value.utcoffset() is not None


def _are_names(value: object) -> bool:
    return isinstance(value, frozenset) and (
        _TEXTS.issuperset(map(type, value)) or all(isinstance(name, str) for name in value)
    )


def _is_level(value: object) -> bool:
    # True == 1 in Python, not in Cedar: the type itself is compared.
    return type(value) is int and 0 <= value <= HIGHEST_ASSURANCE


def _is_long(value: object) -> bool:
    return type(value) is int and 0 <= value <= _HIGHEST_LONG


def _is_consent(value: object) -> bool:
    return value is None or (isinstance(value, Consent) and _CONSENT.fits(value))


def _is_opening(value: object) -> bool:
    return value is None or (isinstance(value, Opening) and _OPENING.fits(value))


_OPENING = _Shape({"id": str, "template": str}, {"opened": _is_time, "ends": _is_time})
_CONSENT = _Shape(
    {"service_item": str, "consumer": str, "evidence_type": str, "revoked": bool},
    {"fields": _are_names, "predicates": _are_names, "not_before": _is_time, "not_after": _is_time},
)
_REQUEST = _Shape(
    {
        "system.id": str,
        "system.organisation": str,
        "system.status": str,
        "action": Action,
        "evidence_type": str,
        "provider": str,
        "service_item": str,
        "legal_basis": str,
        "relation": str,
        "present": bool,
        "mandated": bool,
        "sealed": bool,
        "minor": bool,
        "own_division": bool,
        "delivery": Delivery,
    },
    {
        "fields": _are_names,
        "predicates": _are_names,
        "now": _is_time,
        "loa": _is_level,
        "consent": _is_consent,
        "quota_used_today": _is_long,
        "emergency": _is_opening,
    },
)


def well_formed(request: AccessRequest) -> bool:
    """Whether every attribute has exactly the declared type and range; anything else is refused unread."""
    return isinstance(request, AccessRequest) and isinstance(request.system, SystemPrincipal) and _REQUEST.fits(request)


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


def _is_shared_at_all(request: AccessRequest, registry: Registry) -> bool:
    # A grant is not written on these, and what rests on a living one does not become so; yet no grant has this word.
    kind = registry.evidence_types[request.evidence_type]
    return request.fields.isdisjoint(kind.unshared_fields) and request.predicates.isdisjoint(kind.unshared_predicates)


Lookups = tuple[tuple[Callable[[AccessRequest, Registry], bool], UnmetClause], ...]
"""What must be registered, and what is said where it is not. In their order: each may rely on those before it."""

_OF_THE_ASKING: Lookups = (
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
)
_OF_THE_REQUEST: Lookups = (
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
    (
        _is_shared_at_all,
        UnmetClause(
            "REGISTRY#shared",
            "policy.not-shared",
            Text("所申请内容中有依法不予共享的", "Something asked for is not shared, by law"),
        ),
    ),
)


def unregistered(request: AccessRequest, registry: Registry) -> UnmetClause | None:
    """The first thing the request names that the registry does not know, or None."""
    return _first(_OF_THE_ASKING, request, registry) or unlisted(request, registry)


def unlisted(request: AccessRequest, registry: Registry) -> UnmetClause | None:
    """The same for what differs among the requests of one registered asking (``facts.asking``)."""
    return _first(_OF_THE_REQUEST, request, registry)


def _first(lookups: Lookups, request: AccessRequest, registry: Registry) -> UnmetClause | None:
    for known, clause in lookups:
        if not known(request, registry):
            return clause
    return None
