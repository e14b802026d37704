"""The fast clerk: a Cedar policy → closures over facts, equal in meaning to what cedarpy would answer (ADR 0008)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cedarpy import pst

from policies.cedar import conjuncts
from policies.expressions import Evaluate, OutsideProfile, condition, entity
from policies.facts import Facts
from policies.hierarchy import Entity

Numbered = tuple[tuple[int, Evaluate], ...]
"""Conditions by their number in the policy."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy as closures: the conditions of ``when`` must all hold and those of ``unless`` must not all hold.

    Those of ``when`` are ``settled`` by the asking, or ``open`` until the request is looked at. ``actions`` empty means
    every action. Scopes on principal and resource are the key of the index, not compiled.
    """

    ref: str
    effect: pst.Effect
    actions: frozenset[Entity]
    settled: Numbered
    open: Numbered
    unless: Numbered

    def is_possible(self, asking: Facts) -> bool:
        """Whether any request of an asking can satisfy it; ``asking`` are the facts that this settles.

        Raises whatever a condition raises: then refuse. A guard that erred would otherwise be skipped.
        """
        if self.actions and asking.action not in self.actions:
            return False
        return all(holds(asking) is True for _, holds in self.settled)

    def failed(self, asking: Facts) -> tuple[int, ...]:
        """The numbers of the settled conditions that do not hold."""
        return tuple(_unmet(self.settled, asking))

    def applies(self, facts: Facts) -> bool:
        """Whether a request satisfies it, where that is possible. Raises whatever a condition raises: then refuse."""
        for _, holds in self.open:
            if holds(facts) is not True:
                return False
        if not self.unless:
            return True
        for _, excuses in self.unless:  # noqa: SIM110 - loops: generators cost as much again
            if excuses(facts) is not True:
                return True
        return False

    def unmet(self, failed: tuple[int, ...], facts: Facts) -> tuple[int, ...]:
        """The numbers of all conditions that a request does not meet, in their order: those ``failed``, and open."""
        unmet = _unmet(self.open, facts)
        return tuple(sorted((*failed, *unmet)) if failed else unmet)

    def not_excused(self, facts: Facts) -> Iterator[int]:
        """The numbers of the parts of its ``unless`` that do not hold."""
        return _unmet(self.unless, facts)


def _unmet(conditions: Numbered, facts: Facts) -> Iterator[int]:
    for number, holds in conditions:
        try:
            if holds(facts) is True:
                continue
        except (LookupError, TypeError):
            pass  # a condition that errs is unmet
        yield number


def compile_policy(tree: pst.Template) -> Compiled:
    """Compile one policy; raises OutsideProfile."""
    when = [part for clause in tree.clauses if isinstance(clause, pst.When) for part in conjuncts(clause.expr)]
    unless = [conjuncts(clause.expr) for clause in tree.clauses if isinstance(clause, pst.Unless)]
    if len(unless) > 1:
        raise OutsideProfile("more than one unless")
    conditions = [(number, condition(part)) for number, part in enumerate(when)]
    return Compiled(
        ref=tree.annotations["id"],
        effect=tree.effect,
        actions=_actions(tree.action),
        settled=tuple((number, each.holds) for number, each in conditions if each.settled),
        open=tuple((number, each.holds) for number, each in conditions if not each.settled),
        unless=tuple((number, condition(part).holds) for parts in unless for number, part in enumerate(parts)),
    )


def _actions(scope: pst.ActionConstraint) -> frozenset[Entity]:
    if isinstance(scope, pst.ScopeAny):
        return frozenset()
    entities = (scope.entity,) if isinstance(scope, pst.ActionEq) else scope.entities
    if not entities:
        raise OutsideProfile("no action")
    return frozenset(entity(uid) for uid in entities)
