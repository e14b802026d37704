"""A request that names an opening is decided twice, by the compiled clerk and by cedarpy; only both together permit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from policies import explain
from policies.decision import Decision, Deny, Permit, UnmetClause
from policies.grant import Grant
from policies.index import PolicyImage
from policies.model import AccessRequest, Action
from policies.reference import Judge
from policies.registry import RegisteredEvidenceType, RegisteredOrganisation, RegisteredServiceItem, Registry

_Member = TypeVar("_Member", RegisteredOrganisation, RegisteredEvidenceType, RegisteredServiceItem)


def decide(image: PolicyImage, request: AccessRequest) -> Decision:
    """Permit what a template permits by both engines alike; an error of either, or any difference, refuses.

    Never raises. The refusal is the clerk's, which explains by clause.
    """
    clerk = image.decide(request)
    if isinstance(clerk, Deny):
        return clerk  # nothing that cedarpy could say would let it out
    try:
        judged = Judge(_slice(image, request)).judge(request)
    except Exception as failure:  # noqa: BLE001 - an engine that fails refuses, whatever the failure was
        return _refused(image, explain.engine_failed(type(failure).__name__), clerk)
    return clerk if clerk == judged else _refused(image, explain.ENGINES_DISAGREE, clerk)


def _refused(image: PolicyImage, clause: UnmetClause, clerk: Permit) -> Deny:
    return Deny(code=clause.code, clauses=(clause,), grants=clerk.grants, epoch=image.epoch)


def _slice(image: PolicyImage, request: AccessRequest) -> PolicyImage:
    """The templates for this department and evidence type, and of the registry what such a request can meet.

    Parsing fifty thousand entities would take longer than the lease on the policies lasts.
    """
    above, whole = image.hierarchy.above, image.registry
    consumers = {name for _, name in above["Organisation", request.system.organisation]}
    families = {name for _, name in above["EvidenceType", request.evidence_type]}
    items = {name for _, name in above["ServiceItem", request.service_item]}
    providers = {name for family in families for _, name in _providers(image, family)}
    registry = Registry(
        systems={request.system.id: whole.systems[request.system.id]},
        organisations=_only(whole.organisations, consumers | providers),
        evidence_types=_only(whole.evidence_types, families),
        service_items=_only(whole.service_items, items),
    )
    guards = tuple(each.guard for each in image.guards)
    return PolicyImage.build(_templates(image, consumers, families), registry, image.epoch, guards)


def _providers(image: PolicyImage, evidence_type: str) -> frozenset[tuple[str, str]]:
    provider = image.registry.evidence_types[evidence_type].provider
    return image.hierarchy.above.get(("Organisation", provider), frozenset())


def _only(members: Mapping[str, _Member], names: set[str]) -> dict[str, _Member]:
    return {name: members[name] for name in sorted(names)}


def _templates(image: PolicyImage, consumers: set[str], families: set[str]) -> Iterable[Grant]:
    keys = ((consumer, Action.OBTAIN_EMERGENCY, family) for consumer in consumers for family in families)
    return [grant for key in keys for grant in image.grants.get(key, ())]
