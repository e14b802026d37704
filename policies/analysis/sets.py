"""A set of grants as terms: whom it lets through, and what every release carries; and as the engines decide it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from cedarpy import pst

from kernel.identifiers.masking import Mask, stronger
from policies import cedar
from policies.analysis.region import Region
from policies.analysis.solver import NotProved
from policies.analysis.terms import Encoder, Term
from policies.decision import Decision, Permit
from policies.grants.grant import Grant
from policies.grants.terms import Obligation
from policies.guards import Guard
from policies.index import PolicyImage
from policies.model import AccessRequest
from policies.obligations import is_kept_by
from policies.reference import Judge


@dataclass(frozen=True)
class Grants:
    """A set of grants in one region, under the guards."""

    grants: tuple[Grant, ...]
    region: Region
    guards: tuple[Guard, ...]

    @cached_property
    def image(self) -> PolicyImage:
        """The set as the exchange would decide by it."""
        return PolicyImage.build(self.grants, self.region.registry, epoch=0, guards=self.guards)

    @cached_property
    def judge(self) -> Judge:
        """The same, by cedarpy."""
        return Judge(self.image, sliced=False)

    def decide(self, request: AccessRequest) -> Decision:
        """The decision on which both engines agree. Raises NotProved when they do not."""
        compiled, reference = self.image.decide(request), self.judge.judge(request)
        if (isinstance(compiled, Permit) or isinstance(reference, Permit)) and compiled != reference:
            raise NotProved("engines-differ")
        return compiled


@dataclass(frozen=True, slots=True)
class Carried:
    """Something a release carries: a mask of a field (or one that shows less), a duty, a quota (or a smaller one)."""

    mask: tuple[str, Mask] | None = None
    duty: Obligation | None = None
    quota: int | None = None

    def by(self, grant: Grant) -> bool:
        """Whether every release under the grant carries it."""
        if self.mask is not None:
            field_, mask = self.mask
            own = grant.masks.get(field_, Mask.CLEAR)
            return stronger(own, mask) is own
        if self.duty is not None:
            return any(is_kept_by(self.duty, own) for own in grant.obligations)
        return grant.quota_per_day is not None and self.quota is not None and grant.quota_per_day <= self.quota

    def within(self, permit: Permit) -> bool:
        """Whether a decision carries it."""
        if self.mask is not None:
            own = permit.release[self.mask[0]]
            return stronger(own, self.mask[1]) is own
        if self.duty is not None:
            return any(is_kept_by(self.duty, own) for own in permit.obligations)
        return any(self.quota is not None and quota.per_day <= self.quota for quota in permit.quotas)


def carried(grants: Iterable[Grant]) -> tuple[Carried, ...]:
    """Everything that a release under any of these grants can carry."""
    found = {each: None for grant in grants for each in _carried_by(grant)}
    return tuple(found)


def _carried_by(grant: Grant) -> Iterator[Carried]:
    for name, mask in sorted(grant.masks.items()):
        if mask is not Mask.CLEAR:
            yield Carried(mask=(name, mask))
    for duty in sorted(grant.obligations):
        yield Carried(duty=duty)
    if grant.quota_per_day is not None:
        yield Carried(quota=grant.quota_per_day)


@lru_cache(maxsize=2048)
def _tree(text: str) -> pst.Template:
    """The tree of one policy: guards and grants in force are met again with every change beside them."""
    return cedar.parse(text)[0]


@dataclass(frozen=True)
class Encoded:
    """Sets of grants over one encoder: every policy is encoded once, however many sets it belongs to."""

    encoder: Encoder
    guards: tuple[Guard, ...]
    _satisfied: dict[str, Term] = field(default_factory=dict)

    def prepare(self, grants: Iterable[Grant]) -> None:
        """Encode every policy that will be asked about. Raises OutsideProfile."""
        trees = {grant.ref: _tree(cedar.render(grant)) for grant in grants}
        forbidding = [_tree(guard.annotated) for guard in self.guards]
        self.encoder.prepare((*trees.values(), *forbidding))
        forbidden = self.encoder.any_of(self.encoder.applies(tree) for tree in forbidding)
        self._satisfied[""] = forbidden
        self._satisfied.update((ref, self.encoder.applies(tree)) for ref, tree in trees.items())

    def satisfied(self, grant: Grant) -> Term:
        """Whether a request satisfies the grant, whatever the guards say."""
        return self._satisfied[grant.ref]

    def allows(self, grants: Iterable[Grant]) -> Term:
        """Whether a set permits a request: ``⋁ permits ∧ ¬ ⋁ forbids``."""
        permits = self.encoder.any_of(self.satisfied(grant) for grant in grants)
        return self.encoder.all_of((permits, self.encoder.neither(self._satisfied[""])))

    def carries(self, grants: Iterable[Grant], what: Carried) -> Term:
        """Whether a release by the set carries this: by one satisfied grant at least."""
        return self.encoder.any_of(self.satisfied(grant) for grant in grants if what.by(grant))

    def concerns(self, what: Carried) -> Term:
        """Whether a request can be released with it at all.

        A mask needs its field asked for, of an evidence type whose catalogue does not demand as much by itself.
        """
        if what.mask is None:
            return self.encoder.boolean(True)
        name, mask = what.mask
        types = self.encoder.region.registry.evidence_types
        clearer = [
            one
            for one in self.encoder.region.asked
            if name in types[one].fields
            and stronger(types[one].fields[name].minimal_mask, mask) is mask
            and types[one].fields[name].minimal_mask is not mask
        ]
        asked = self.encoder.at("context", "fields").members.get(name, self.encoder.boolean(False))
        return self.encoder.all_of((asked, self.encoder.is_one(self.encoder.at("resource"), *clearer)))
