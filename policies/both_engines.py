"""What is too delicate for one engine alone: decided by the compiled clerk and by cedarpy, permitted by both together.

These are requests that name an opening of emergency access (ADR 0040), and requests for evidence of a high
classification (ADR 0008).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from policies import explain
from policies.decision import Decision, Deny, Permit, UnmetClause
from policies.grants.grant import Grant
from policies.index import PolicyImage
from policies.model import AccessRequest, Action
from policies.reference import Judge
from policies.registry import RegisteredEvidenceType, RegisteredOrganisation, RegisteredServiceItem, Registry

DELICATE = 4
"""The classification of evidence from which on one engine is not enough."""
MOST_KEPT = 200
"""Judges of one image kept at once."""

_Member = TypeVar("_Member", RegisteredOrganisation, RegisteredEvidenceType, RegisteredServiceItem)
_Key = tuple[str, Action, str, str]
"""System, action, evidence type, service item."""


class Judges:
    """The judges of one image, each over what such a request can meet, made when first needed.

    Two threads may both make one; both judge alike, so the last one may stay.
    """

    def __init__(self, image: PolicyImage) -> None:
        """Nothing is parsed yet."""
        self._image = image
        self._kept: dict[_Key, Judge] = {}

    def judge(self, request: AccessRequest) -> Decision:
        """How cedarpy decides a request whose names are all registered. Raises KeyError where one is not."""
        key = (request.system.id, request.action, request.evidence_type, request.service_item)
        judge = self._kept.get(key)
        if judge is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            judge = self._kept[key] = Judge(_slice(self._image, request))
        return judge.judge(request)


def decide(image: PolicyImage, request: AccessRequest, judges: Judges | None = None) -> Decision:
    """As the clerk decides; what is delicate is permitted only where cedarpy permits it alike.

    Never raises: an error of either engine, or any difference, refuses. A refusal is the clerk's, which explains by
    clause: nothing that cedarpy could say would let it out. ``judges`` are those of this image, if they are kept.
    """
    clerk = image.decide(request)
    if isinstance(clerk, Deny):
        return clerk
    try:
        if not is_delicate(image, request):
            return clerk
        judged = (judges or Judges(image)).judge(request)
    except Exception as failure:  # noqa: BLE001 - an engine that fails refuses, whatever the failure was
        return _refused(image, explain.engine_failed(type(failure).__name__), clerk)
    return clerk if clerk == judged else _refused(image, explain.ENGINES_DISAGREE, clerk)


def is_delicate(image: PolicyImage, request: AccessRequest) -> bool:
    """Whether both engines have to permit a request for registered evidence."""
    if request.action is Action.OBTAIN_EMERGENCY:
        return True
    return image.registry.evidence_types[request.evidence_type].classification >= DELICATE


def _refused(image: PolicyImage, clause: UnmetClause, clerk: Permit) -> Deny:
    return Deny(code=clause.code, clauses=(clause,), grants=clerk.grants, epoch=image.epoch)


def _slice(image: PolicyImage, request: AccessRequest) -> PolicyImage:
    """The grants for this department, action and evidence type, and of the registry what such a request can meet.

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
    return PolicyImage.build(_granted(image, consumers, request.action, families), registry, image.epoch, guards)


def _providers(image: PolicyImage, evidence_type: str) -> frozenset[tuple[str, str]]:
    provider = image.registry.evidence_types[evidence_type].provider
    return image.hierarchy.above.get(("Organisation", provider), frozenset())


def _only(members: Mapping[str, _Member], names: set[str]) -> dict[str, _Member]:
    return {name: members[name] for name in sorted(names)}


def _granted(image: PolicyImage, consumers: set[str], action: Action, families: set[str]) -> Iterable[Grant]:
    keys = ((consumer, action, family) for consumer in consumers for family in families)
    return {grant.ref: grant for key in keys for grant in image.grants.get(key, ())}.values()
