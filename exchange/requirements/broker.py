"""What is required in given circumstances, and every way to meet it with who supplies it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from exchange.catalogue.model import NOT_SHARED, PLACE, Alternative, Requirement, ServiceItem
from exchange.catalogue.registry import Registry
from exchange.requirements.circumstances import Applies, Circumstances, applies, undeclared
from exchange.requirements.ladder import Rung
from exchange.requirements.providers import Provider, providers

MANUAL = "manual"
"""The adapter whose source is a person."""


@dataclass(frozen=True, slots=True)
class Part:
    """One evidence type of a way, who supplies it, and by which rung it comes; None where it does not come."""

    asked: Alternative
    providers: tuple[Provider, ...]
    rung: Rung | None


@dataclass(frozen=True, slots=True)
class Way:
    """Evidence that meets a requirement together."""

    parts: tuple[Part, ...]

    @property
    def rung(self) -> Rung | None:
        """That of the part that asks most; None where one of them does not come."""
        rungs = [part.rung for part in self.parts if part.rung is not None]
        return max(rungs, key=lambda rung: rung.level) if len(rungs) == len(self.parts) else None


@dataclass(frozen=True, slots=True)
class Needed:
    """A requirement, whether it applies, and the rungs there are for it, highest first."""

    requirement: Requirement
    applies: Applies
    depends_on: tuple[str, ...]
    ways: tuple[Way, ...]

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs there are; a requirement that does not apply, or is no longer asked for, has one alone."""
        if self.requirement.not_needed is not None or self.applies is Applies.NO:
            return (Rung.NOT_NEEDED,)
        found = {way.rung for way in self.ways if way.rung is not None}
        found |= {Rung.COMMITMENT} if self.requirement.commitment else set()
        found |= {Rung.DEFERRAL} if self.requirement.deferral_days is not None else set()
        return tuple(sorted({*found, Rung.UPLOAD, Rung.WINDOW}, key=list(Rung).index))


def needed(
    item: ServiceItem, declared: Circumstances, day: date, registry: Registry, *, sandbox: bool = False
) -> tuple[Needed, ...]:
    """Every requirement of a service item, in the order of its manifest."""
    return tuple(_needed(one, declared, day, registry, sandbox=sandbox) for one in item.requirements)


def _needed(
    requirement: Requirement, declared: Circumstances, day: date, registry: Registry, *, sandbox: bool
) -> Needed:
    ways = tuple(
        Way(tuple(_part(asked, declared, day, registry, sandbox=sandbox) for asked in way.parts))
        for way in requirement.met_by
    )
    return Needed(requirement, applies(requirement, declared), undeclared(requirement, declared), ways)


def _part(asked: Alternative, declared: Circumstances, day: date, registry: Registry, *, sandbox: bool) -> Part:
    kind = registry.evidence_types[asked.evidence_type]
    supplying = providers(kind.provider, declared.get(PLACE), day, registry.organisations, registry.divisions)
    connector = registry.connectors.get(kind.code)
    withheld = kind.share_type_of(asked.fields, asked.predicates) == NOT_SHARED
    if connector is None or not supplying or withheld or kind.sandbox != sandbox:
        return Part(asked, supplying, None)
    if connector["spec"]["adapter"] == MANUAL:
        return Part(asked, supplying, Rung.DEPARTMENTAL_CHECK)
    return Part(asked, supplying, Rung.SHARED_CERTIFICATE if kind.certificate else Rung.SHARED_DATA)


def at(rung: Rung, ways: Collection[Way]) -> Iterator[Way]:
    """The ways that come by this rung."""
    return (way for way in ways if way.rung is rung)
