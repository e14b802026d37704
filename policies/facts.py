"""From an admitted request to facts: what the compiled conditions read, the registry's word before the caller's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from kernel.dates import CHINA
from policies.hierarchy import Entity, Hierarchy
from policies.model import AccessRequest, Action, Consent, Opening
from policies.registry import Registry

SETTLED = frozenset({"principal", "resource", "purpose", "legalBasis", "basisKind"})
"""Variables and attributes of the context that are the same in all requests of one asking."""

Asking = tuple[str, str, str, Action, str, str, str, str]

asking: Callable[[AccessRequest], Asking] = attrgetter(
    "system.id",
    "system.organisation",
    "system.status",
    "action",
    "evidence_type",
    "provider",
    "service_item",
    "legal_basis",
)
"""Who asks for what on which basis: what of a request settles the facts above."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
HOUR, DAY = timedelta(hours=1) // _MILLISECOND, timedelta(days=1) // _MILLISECOND
AHEAD = CHINA.utcoffset(None) // _MILLISECOND
"""How far the civil day in China is ahead of UTC, in milliseconds like the two above."""


@dataclass(slots=True, eq=False)  # not frozen, because freezing costs more than the rest of making one
class Facts:
    """What the compiled conditions read: entities by type and identifier, sets as frozensets, times as integers."""

    principal: Entity
    action: Entity
    resource: Entity
    context: Mapping[str, object]
    system: Mapping[str, object]
    hierarchy: Hierarchy


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down: the resolution of Cedar's datetime."""
    return (moment - _EPOCH) // _MILLISECOND


def hour_of_day(at: int) -> int:
    """The hour (0 to 23) of the civil day in China at this many milliseconds since 1970."""
    return (at + AHEAD) // HOUR % 24


def establish(request: AccessRequest, registry: Registry, hierarchy: Hierarchy) -> Facts:
    """The facts of a request that is well formed and registered."""
    return completed(settle(request, registry, hierarchy), request)


def settle(request: AccessRequest, registry: Registry, hierarchy: Hierarchy) -> Facts:
    """What the asking alone says of them: the context lacks the rest."""
    basis = registry.service_items[request.service_item].legal_bases[request.legal_basis]
    return Facts(
        principal=("System", request.system.id),
        action=("Action", request.action.value),
        resource=("EvidenceType", request.evidence_type),
        context={
            "purpose": ("ServiceItem", request.service_item),
            "legalBasis": ("LegalBasis", request.legal_basis),
            "basisKind": basis.value,
        },
        system={"status": status(request, registry)},
        hierarchy=hierarchy,
    )


def completed(settled: Facts, request: AccessRequest) -> Facts:
    """The facts of a request, given what its asking says of them."""
    context = _context(request, settled.context)
    return Facts(settled.principal, settled.action, settled.resource, context, settled.system, settled.hierarchy)


def status(request: AccessRequest, registry: Registry) -> str:
    """``active`` only where both the caller's session and the registry say so."""
    registered = registry.systems[request.system.id].status
    return registered if request.system.status == "active" else request.system.status


def _context(request: AccessRequest, settled: Mapping[str, object]) -> dict[str, object]:
    now = milliseconds(request.now)
    context: dict[str, object] = {
        **settled,
        "fields": request.fields,
        "predicates": request.predicates,
        "relation": request.relation,
        "loa": request.loa,
        "present": request.present,
        "quotaUsedToday": request.quota_used_today,
        "now": now,
        "hour": hour_of_day(now),
        "mandated": request.mandated,
        "sealed": request.sealed,
        "minor": request.minor,
        "ownDivision": request.own_division,
        "delivery": request.delivery,
    }
    if request.consent is not None:
        context["consent"] = _consent(request.consent)
    if request.emergency is not None:
        context["emergency"] = _opening(request.emergency)
    return context


def _opening(opening: Opening) -> dict[str, object]:
    return {
        "id": opening.id,
        "template": opening.template,
        "opened": milliseconds(opening.opened),
        "ends": milliseconds(opening.ends),
    }


def _consent(consent: Consent) -> dict[str, object]:
    return {
        "purpose": ("ServiceItem", consent.service_item),
        "consumer": ("Organisation", consent.consumer),
        "evidenceType": ("EvidenceType", consent.evidence_type),
        "fields": consent.fields,
        "predicates": consent.predicates,
        "notBefore": milliseconds(consent.not_before),
        "notAfter": milliseconds(consent.not_after),
        "revoked": consent.revoked,
    }
