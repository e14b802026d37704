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
from policies.admission import unlisted, unregistered, well_formed
from policies.compiler import Compiled, compile_policy
from policies.decision import Decision, Deny, Permit, UnmetClause
from policies.explain import Candidate, Enforced, EnforcedGuard, NearMiss
from policies.expressions import OutsideProfile
from policies.facts import HOUR, Asking, Facts, asking, completed, hour_of_day, milliseconds, settle
from policies.grants.grant import Grant
from policies.guards import GUARDS, Guard
from policies.guards import text as guards_text
from policies.hierarchy import Hierarchy
from policies.model import AccessRequest, Action
from policies.registry import Registry
from policies.settled import Reasons, Settled, Terms

Key = tuple[str, Action, str]
"""Consumer organisation, action, evidence type: the scopes of a grant."""

Scope = tuple[str, tuple[Action, ...], str]
"""Asking organisation, actions, evidence type: what finds the grants whose scopes lie above."""

MOST_SETTLED = 20_000
"""Askings about which what is left to decide is kept."""

MOST_COMPARED = 20
"""Grants for other service items that a refusal is explained by."""

EXPLAINED = 1
"""Counts the ways in which decisions were explained: raise it when the same refusal names other clauses or grants."""

_ORDINARY = (Action.OBTAIN, Action.VERIFY)
_EMERGENCY = (Action.OBTAIN_EMERGENCY,)


class InvalidImage(ValueError):
    """The grants do not make a set that can be decided by; the message names the grant."""


@cache
def compile_guards(guards: tuple[Guard, ...]) -> tuple[EnforcedGuard, ...]:
    """The guards with their closures; the same for every image. Raises InvalidPolicy or OutsideProfile."""
    text = guards_text(guards)
    cedar.validate(text)
    return tuple(EnforcedGuard.of(guard, _guard(tree)) for guard, tree in zip(guards, cedar.parse(text), strict=True))


def _guard(tree: pst.Template) -> Compiled:
    if tree.effect != "forbid" or (tree.principal, tree.resource) != (pst.ScopeAny(), pst.ScopeAny()):
        raise OutsideProfile("a guard forbids, whoever asks for whatever")
    return compile_policy(tree)


def enforce(grant: Grant) -> Enforced:
    """Compile a grant from its Cedar text. Raises InvalidPolicy or OutsideProfile."""
    policy = compile_policy(cedar.check(grant, cedar.render(grant)))
    codes = tuple(clause.code for clause in cedar.clauses(grant))
    if len(policy.settled) + len(policy.open) != len(codes):
        raise OutsideProfile(f"{grant.ref}: a condition is split otherwise than its clauses")
    return Enforced.of(grant, policy, codes)


@dataclass(frozen=True, slots=True)
class PolicyImage:
    """Everything one epoch decides by. Immutable but for what is compiled on first use; swap images by reference."""

    epoch: int
    registry: Registry
    hierarchy: Hierarchy
    grants: Mapping[Key, tuple[Grant, ...]]
    guards: tuple[EnforcedGuard, ...]
    _settled: dict[Asking, Settled] = field(default_factory=dict)
    _compiled: dict[str, Enforced] = field(default_factory=dict)

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
        enforced = [self._compiled.get(ref) for ref in grants]
        ends = [one.grant.valid_to for one in enforced if one is not None]
        if request.consent is not None:
            ends.append(request.consent.not_after)
        if request.emergency is not None:
            ends.append(request.emergency.ends)
        return None in enforced or any(then < milliseconds(end) <= at for end in ends)

    def _decide(self, request: AccessRequest) -> Decision:
        if not well_formed(request):
            return self._deny((explain.ILL_FORMED,))
        settled = self._settled.get(asking(request))
        unknown = unregistered(request, self.registry) if settled is None else unlisted(request, self.registry)
        if unknown is not None:
            return self._deny((unknown,))
        if settled is None:
            settled = self._settle(request)
        facts = completed(settled.facts, request)
        forbidding = [guard for guard in settled.guards if guard.policy.applies(facts)]
        satisfied = [grant for grant in settled.grants if grant.policy.applies(facts)]
        if not satisfied:
            return self._refuse(request, settled, facts, forbidding)
        terms = settled.terms_of(satisfied)
        if forbidding:
            return self._deny(explain.forbidden(forbidding, facts, ()), terms.refs)
        return self._permit(request, terms)

    def _permit(self, request: AccessRequest, terms: Terms) -> Decision:
        if terms.unknown:
            return self._deny(tuple(explain.unknown_obligation(duty) for duty in terms.unknown), terms.refs)
        return Permit(
            grants=terms.refs,
            release=obligations.release(request.fields, terms.masks),
            predicates=request.predicates,
            obligations=terms.duties,
            quotas=terms.quotas,
            epoch=self.epoch,
        )

    def _refuse(self, request: AccessRequest, settled: Settled, facts: Facts, forbidding: list[EnforcedGuard]) -> Deny:
        miss = self._nearest(request, settled, facts)
        clauses = explain.unmet(miss, request, self.registry)
        if forbidding:
            clauses = explain.forbidden(forbidding, facts, clauses)
        return self._deny(clauses, (miss[0].policy.ref,) if miss else ())

    def _deny(self, clauses: tuple[UnmetClause, ...], grants: tuple[str, ...] = ()) -> Deny:
        return Deny(code=clauses[0].code, clauses=clauses, grants=grants, epoch=self.epoch)

    def _settle(self, request: AccessRequest) -> Settled:
        """Whatever the asking of a registered request decides alone; kept for the next one.

        Every grant demands that the purpose stand in its service items, so what is left out here could not be
        satisfied. Two threads may both make it; both results are equal, so the last one may stay.
        """
        facts = settle(request, self.registry, self.hierarchy)
        made = Settled(
            facts,
            guards=tuple(guard for guard in self.guards if guard.policy.is_possible(facts)),
            grants=tuple(grant for grant in self._serving(request) if grant.policy.is_possible(facts)),
            fields=self.registry.evidence_types[request.evidence_type].fields,
        )
        if len(self._settled) >= MOST_SETTLED:
            self._settled.clear()
        self._settled[asking(request)] = made
        return made

    def _serving(self, request: AccessRequest) -> Iterator[Enforced]:
        """The grants whose scopes and service items cover the request, each once, in a fixed order."""
        served = self._served(request)
        for grant in self._scoped((request.system.organisation, (request.action,), request.evidence_type)):
            if not served.isdisjoint(grant.service_items):
                yield self._enforce(grant)

    def _served(self, request: AccessRequest) -> frozenset[str]:
        return frozenset(item for _, item in self.hierarchy.above["ServiceItem", request.service_item])

    def _nearest(self, request: AccessRequest, settled: Settled, facts: Facts) -> NearMiss | None:
        """The nearest of the grants whose scopes cover the request under any action; templates for emergencies alone.

        One that serves the service item comes nearer than any that does not, so the others are looked at only where
        there is none; and of those only so many, since a department may hold hundreds, one for each of its items.
        """
        if settled.reasons is None:
            settled.reasons = self._reasons_for(request, settled.facts)
        serving, others = settled.reasons
        return explain.nearest(serving, facts) or explain.nearest(others, facts)

    def _reasons_for(self, request: AccessRequest, facts: Facts) -> Reasons:
        served, emergency = self._served(request), request.action is Action.OBTAIN_EMERGENCY
        covering = self._scoped(
            (request.system.organisation, _EMERGENCY if emergency else _ORDINARY, request.evidence_type)
        )
        serving = [grant for grant in covering if not served.isdisjoint(grant.service_items)]
        others = [grant for grant in covering if served.isdisjoint(grant.service_items)]
        return self._candidates(serving, facts), self._candidates(others[:MOST_COMPARED], facts)

    def _candidates(self, grants: Iterable[Grant], facts: Facts) -> tuple[Candidate, ...]:
        return tuple((enforced, enforced.policy.failed(facts)) for enforced in map(self._enforce, grants))

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
