"""The policy decision point: the grants of one epoch, found by who asks for what, compiled when first needed.

Default deny: a permit needs a satisfied grant, no guard that forbids, and obligations that are all known. Everything
else, failures of the engine included, is a refusal with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import product

from cedarpy import pst

from policies import cedar, explain, obligations
from policies.admission import unregistered, well_formed
from policies.compiler import Compiled, compile_policy
from policies.decision import Decision, Deny, Permit, Quota, UnmetClause
from policies.explain import Enforced, NearMiss
from policies.expressions import OutsideProfile
from policies.facts import HOUR, Facts, establish, hour_of_day, milliseconds
from policies.grant import Grant
from policies.grant_terms import Obligation
from policies.guards import GUARDS, Guard
from policies.guards import text as guards_text
from policies.hierarchy import Hierarchy
from policies.model import AccessRequest, Action
from policies.registry import Registry

Key = tuple[str, Action, str]
"""Consumer organisation, action, evidence type: the scopes of a grant."""

Scope = tuple[str, tuple[Action, ...], str]
"""Asking organisation, actions, evidence type: what finds the grants whose scopes lie above."""

Purpose = tuple[str, Action, str, str]
"""Asking organisation, action, evidence type, service item: what finds the few grants that can be satisfied."""

Reasons = tuple[tuple[Enforced, ...], tuple[Enforced, ...]]
"""Grants that serve a service item, and grants that do not: among them a refusal finds the nearest."""

MOST_COMPARED = 20
"""Grants for other service items that a refusal is explained by."""

EXPLAINED = 1
"""Counts the ways in which decisions were explained: raise it when the same refusal names other clauses or grants."""

_ORDINARY = (Action.OBTAIN, Action.VERIFY)
_EMERGENCY = (Action.OBTAIN_EMERGENCY,)


class InvalidImage(ValueError):
    """The grants do not make a set that can be decided by; the message names the grant."""


@cache
def compile_guards(guards: tuple[Guard, ...]) -> tuple[tuple[Guard, Compiled], ...]:
    """The guards with their closures; the same for every image. Raises InvalidPolicy or OutsideProfile."""
    text = guards_text(guards)
    cedar.validate(text)
    return tuple((guard, _guard(tree)) for guard, tree in zip(guards, cedar.parse(text), strict=True))


def _guard(tree: pst.Template) -> Compiled:
    if tree.effect != "forbid" or (tree.principal, tree.resource) != (pst.ScopeAny(), pst.ScopeAny()):
        raise OutsideProfile("a guard forbids, whoever asks for whatever")
    return compile_policy(tree)


def enforce(grant: Grant) -> Enforced:
    """Compile a grant from its Cedar text. Raises InvalidPolicy or OutsideProfile."""
    policy = compile_policy(cedar.check(grant, cedar.render(grant)))
    codes = tuple(clause.code for clause in cedar.clauses(grant))
    if len(policy.when) != len(codes):
        raise OutsideProfile(f"{grant.ref}: a condition is split otherwise than its clauses")
    return Enforced(grant, policy, codes)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a release under a set of satisfied grants comes with."""

    granted: tuple[Grant, ...]
    refs: tuple[str, ...]
    duties: tuple[Obligation, ...]
    unknown: tuple[Obligation, ...]
    quotas: tuple[Quota, ...]

    @classmethod
    def of(cls, granted: tuple[Grant, ...]) -> Terms:
        """The union of their duties, and every quota."""
        duties = obligations.union(granted)
        quotas = tuple(Quota(grant.ref, grant.quota_per_day) for grant in granted if grant.quota_per_day)
        return cls(granted, _refs(granted), duties, obligations.unknown(duties), quotas)


@dataclass(frozen=True, slots=True)
class PolicyImage:
    """Everything one epoch decides by. Immutable but for what is compiled on first use; swap images by reference."""

    epoch: int
    registry: Registry
    hierarchy: Hierarchy
    grants: Mapping[Key, tuple[Grant, ...]]
    guards: tuple[tuple[Guard, Compiled], ...]
    _slices: dict[Purpose, tuple[Enforced, ...]] = field(default_factory=dict)
    _reasons: dict[tuple[str, str, str, bool], Reasons] = field(default_factory=dict)
    _compiled: dict[str, Enforced] = field(default_factory=dict)
    _terms: dict[tuple[str, ...], Terms] = field(default_factory=dict)

    @classmethod
    def build(
        cls,
        grants: Iterable[Grant],
        registry: Registry,
        epoch: int,
        guards: tuple[Guard, ...] = GUARDS,
        *,
        after: PolicyImage | None = None,
    ) -> PolicyImage:
        """The image of the active grants. Of the grants nothing is compiled yet, but for what is known from ``after``.

        Raises InvalidImage when one id stands twice (Cedar would accept it; a newer version must have replaced the
        older one), and InvalidRegistry.
        """
        same = after is not None and after.registry is registry
        hierarchy = after.hierarchy if after is not None and same else Hierarchy.of(registry)
        image = cls(epoch, registry, hierarchy, _by_key(grants), compile_guards(guards))
        if after is not None:
            # A policy is compiled from its grant alone, whatever the registry says.
            known = after._compiled  # noqa: SLF001 - another image's own
            image._compiled.update(
                (grant.ref, known[grant.ref])
                for grant in image.members()
                if grant.ref in known and known[grant.ref].grant == grant
            )
        return image

    def members(self) -> tuple[Grant, ...]:
        """Every grant of the set, by its reference."""
        found = {grant.ref: grant for members in self.grants.values() for grant in members}
        return tuple(found[ref] for ref in sorted(found))

    def decide(self, request: AccessRequest) -> Decision:
        """Permit or Deny; never raises."""
        try:
            return self._decide(request)
        except Exception as failure:  # noqa: BLE001 - an engine that fails refuses, whatever the failure was
            return self._deny((explain.engine_failed(type(failure).__name__),))

    def lapses(self, request: AccessRequest, grants: Iterable[str], now: datetime) -> bool:
        """Whether a bound of time lies between a permitted request's moment and ``now``: then decide again.

        ``grants`` are those that the permit rests on. Between such bounds the permit stands as it is (``Retrial``).
        """
        then, at = milliseconds(request.now), milliseconds(now)
        if hour_of_day(then) != hour_of_day(at) or at - then >= HOUR:
            return True
        ends = [milliseconds(bound.not_after) for bound in (request.consent,) if bound is not None]
        ends += [milliseconds(bound.ends) for bound in (request.emergency,) if bound is not None]
        enforced = [self._compiled.get(ref) for ref in grants]
        ends += [milliseconds(one.grant.valid_to) for one in enforced if one is not None]
        return None in enforced or any(then < end <= at for end in ends)

    def _decide(self, request: AccessRequest) -> Decision:
        if not well_formed(request):
            return self._deny((explain.ILL_FORMED,))
        if (unknown := unregistered(request, self.registry)) is not None:
            return self._deny((unknown,))
        facts = establish(request, self.registry, self.hierarchy)
        forbidding = tuple([pair for pair in self.guards if pair[1].applies(facts)])
        satisfied = tuple([enforced for enforced in self._serving(request) if enforced.policy.applies(facts)])
        if forbidding or not satisfied:
            return self._refuse(request, facts, forbidding, tuple(enforced.grant for enforced in satisfied))
        return self._permit(request, satisfied)

    def _permit(self, request: AccessRequest, satisfied: tuple[Enforced, ...]) -> Decision:
        terms = self._terms_of(satisfied)
        if terms.unknown:
            return self._deny(tuple(explain.unknown_obligation(duty) for duty in terms.unknown), terms.granted)
        fields = self.registry.evidence_types[request.evidence_type].fields
        return Permit(
            grants=terms.refs,
            release=obligations.release(request.fields, terms.granted, fields),
            predicates=request.predicates,
            obligations=terms.duties,
            quotas=terms.quotas,
            epoch=self.epoch,
        )

    def _terms_of(self, satisfied: tuple[Enforced, ...]) -> Terms:
        """What a release under these grants comes with, whatever is released: worked out once for each such set."""
        refs = tuple([enforced.policy.ref for enforced in satisfied])
        terms = self._terms.get(refs)
        if terms is None:
            terms = self._terms[refs] = Terms.of(tuple(enforced.grant for enforced in satisfied))
        return terms

    def _refuse(
        self,
        request: AccessRequest,
        facts: Facts,
        forbidding: tuple[tuple[Guard, Compiled], ...],
        satisfied: tuple[Grant, ...],
    ) -> Deny:
        said = explain.forbidden(forbidding, facts)
        if satisfied:
            return self._deny(explain.ordered(said, ()), satisfied)
        miss = self._nearest(request, facts)
        clauses = explain.unmet(miss, request, self.registry)
        return self._deny(explain.ordered(said, clauses), (miss.enforced.grant,) if miss else ())

    def _deny(self, clauses: tuple[UnmetClause, ...], grants: tuple[Grant, ...] = ()) -> Deny:
        return Deny(code=clauses[0].code, clauses=clauses, grants=_refs(grants), epoch=self.epoch)

    def _serving(self, request: AccessRequest) -> tuple[Enforced, ...]:
        """The grants whose scopes and service items cover the request, each once, in a fixed order.

        Every grant demands that the purpose stand in its service items, so what is left out here could not be
        satisfied.
        """
        purpose = (request.system.organisation, request.action, request.evidence_type, request.service_item)
        found = self._slices.get(purpose)
        if found is None:
            # Two threads may both make it; both results are equal, so the last one may stay.
            found = self._slices[purpose] = tuple(map(self._enforce, self._granted_for(purpose)))
        return found

    def _granted_for(self, purpose: Purpose) -> Iterator[Grant]:
        consumer, action, evidence_type, service_item = purpose
        served = {item for _, item in self.hierarchy.above["ServiceItem", service_item]}
        for grant in self._scoped((consumer, (action,), evidence_type)):
            if not served.isdisjoint(grant.service_items):
                yield grant

    def _nearest(self, request: AccessRequest, facts: Facts) -> NearMiss | None:
        """The nearest of the grants whose scopes cover the request under any action; templates for emergencies alone.

        One that serves the service item comes nearer than any that does not, so the others are looked at only where
        there is none; and of those only so many, since a department may hold hundreds, one for each of its items.
        """
        emergency = request.action is Action.OBTAIN_EMERGENCY
        asker = (request.system.organisation, request.evidence_type, request.service_item, emergency)
        found = self._reasons.get(asker)
        if found is None:
            found = self._reasons[asker] = self._reasons_for(*asker)
        serving, others = found
        return explain.nearest(serving, facts) or explain.nearest(others, facts)

    def _reasons_for(self, consumer: str, evidence_type: str, service_item: str, emergency: bool) -> Reasons:
        served = {item for _, item in self.hierarchy.above["ServiceItem", service_item]}
        covering = self._scoped((consumer, _EMERGENCY if emergency else _ORDINARY, evidence_type))
        serving = [grant for grant in covering if not served.isdisjoint(grant.service_items)]
        others = [grant for grant in covering if served.isdisjoint(grant.service_items)]
        return tuple(map(self._enforce, serving)), tuple(map(self._enforce, others[:MOST_COMPARED]))

    def _scoped(self, scope: Scope) -> tuple[Grant, ...]:
        consumers = self.hierarchy.above["Organisation", scope[0]]
        families = self.hierarchy.above["EvidenceType", scope[2]]
        keys = ((consumer[1], action, family[1]) for consumer, action, family in product(consumers, scope[1], families))
        found = {grant.ref: grant for key in keys for grant in self.grants.get(key, ())}
        return tuple(found[ref] for ref in sorted(found))

    def _enforce(self, grant: Grant) -> Enforced:
        compiled = self._compiled.get(grant.ref)
        if compiled is None:
            compiled = self._compiled[grant.ref] = enforce(grant)
        return compiled


def _by_key(grants: Iterable[Grant]) -> dict[Key, tuple[Grant, ...]]:
    index: dict[Key, list[Grant]] = {}
    seen: set[str] = set()
    for grant in grants:
        if grant.id in seen:
            raise InvalidImage(f"grant {grant.id} stands twice in the active set")
        seen.add(grant.id)
        for action in cedar.actions(grant):
            index.setdefault((grant.consumer, action, grant.evidence_type), []).append(grant)
    return {key: tuple(members) for key, members in index.items()}


def _refs(grants: Iterable[Grant]) -> tuple[str, ...]:
    return tuple(sorted(grant.ref for grant in grants))
