"""What is left to decide once it is known who asks for what on which basis: the same for all requests that ask so.

Cedar calls it partial evaluation. Here it is no more than to leave out the policies that such a request cannot satisfy
and, of the others, the conditions that it meets in any case; and to work out once what a release comes with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel.identifiers.masking import Mask
from policies import obligations
from policies.decision import Quota
from policies.explain import Candidate, Enforced, EnforcedGuard
from policies.facts import Facts
from policies.grants.grant import Grant
from policies.grants.terms import Obligation
from policies.registry import RegisteredField

Reasons = tuple[tuple[Candidate, ...], tuple[Candidate, ...]]
"""Grants that serve a service item, and grants that do not: among them a refusal finds the nearest."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a release under a set of satisfied grants comes with."""

    refs: tuple[str, ...]
    masks: Mapping[str, Mask]
    duties: tuple[Obligation, ...]
    unknown: tuple[Obligation, ...]
    quotas: tuple[Quota, ...]

    @classmethod
    def of(cls, granted: tuple[Grant, ...], fields: Mapping[str, RegisteredField]) -> Terms:
        """The strongest of their masks for each of these fields, the union of their duties, and every quota."""
        duties = obligations.union(granted)
        return cls(
            refs=tuple(sorted(grant.ref for grant in granted)),
            masks=obligations.strongest(granted, fields),
            duties=duties,
            unknown=obligations.unknown(duties),
            quotas=tuple(Quota(grant.ref, grant.quota_per_day) for grant in granted if grant.quota_per_day),
        )


@dataclass(slots=True)
class Settled:
    """The facts of one asking (``facts.asking``), and what a request that asks so can still satisfy.

    ``guards`` and ``grants`` are in the order of the image; ``fields`` those of the evidence type. ``reasons`` and the
    terms are made when first needed: two threads may both make them, and both results are equal.
    """

    facts: Facts
    guards: tuple[EnforcedGuard, ...]
    grants: tuple[Enforced, ...]
    fields: Mapping[str, RegisteredField]
    reasons: Reasons | None = None
    _terms: dict[tuple[str, ...], Terms] = field(default_factory=dict)

    def terms_of(self, satisfied: list[Enforced]) -> Terms:
        """What a release under these grants comes with, whatever is released: worked out once for each such set."""
        refs = tuple([grant.policy.ref for grant in satisfied])
        terms = self._terms.get(refs)
        if terms is None:
            terms = self._terms[refs] = Terms.of(tuple(each.grant for each in satisfied), self.fields)
        return terms
