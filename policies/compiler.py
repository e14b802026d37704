"""The fast clerk: a Cedar policy → closures over facts, equal in meaning to what cedarpy would answer (ADR 0008)."""

from __future__ import annotations

from dataclasses import dataclass

from cedarpy import pst

from policies.cedar import conjuncts
from policies.expressions import Evaluate, OutsideProfile, condition, entity
from policies.facts import Facts
from policies.hierarchy import Entity


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy as closures: ``when`` must all hold and ``unless`` must not all hold.

    ``actions`` empty means every action. Scopes on principal and resource are the key of the index, not compiled.
    """

    ref: str
    effect: pst.Effect
    actions: frozenset[Entity]
    when: tuple[Evaluate, ...]
    unless: tuple[Evaluate, ...]

    def applies(self, facts: Facts) -> bool:
        """Whether the policy is satisfied. Raises whatever a condition raises: the caller refuses."""
        if self.actions and facts.action not in self.actions:
            return False
        for holds in self.when:
            if holds(facts) is not True:
                return False
        if not self.unless:
            return True
        for excuses in self.unless:  # noqa: SIM110 - loops: generators cost as much again
            if excuses(facts) is not True:
                return True
        return False


def compile_policy(tree: pst.Template) -> Compiled:
    """Compile one policy; raises OutsideProfile."""
    when = [part for clause in tree.clauses if isinstance(clause, pst.When) for part in conjuncts(clause.expr)]
    unless = [conjuncts(clause.expr) for clause in tree.clauses if isinstance(clause, pst.Unless)]
    if len(unless) > 1:
        raise OutsideProfile("more than one unless")
    return Compiled(
        ref=tree.annotations["id"],
        effect=tree.effect,
        actions=_actions(tree.action),
        when=tuple(condition(part) for part in when),
        unless=tuple(condition(part) for parts in unless for part in parts),
    )


def _actions(scope: pst.ActionConstraint) -> frozenset[Entity]:
    if isinstance(scope, pst.ScopeAny):
        return frozenset()
    entities = (scope.entity,) if isinstance(scope, pst.ActionEq) else scope.entities
    if not entities:
        raise OutsideProfile("no action")
    return frozenset(entity(uid) for uid in entities)
