"""Examining a change of a grant: all questions, the examples confirmed by both engines, and the standing invariants."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.analysis.change import Proposal, examine
from policies.analysis.invariants import INVARIANTS
from policies.grants.grant import Grant
from policies.grants.terms import Obligation
from policies.model import BasisKind
from policies.registry import (
    RegisteredEvidenceType,
    RegisteredField,
    RegisteredOrganisation,
    RegisteredServiceItem,
    RegisteredSystem,
    Registry,
)
from tests.benchmarks.micro import Operation
from tests.benchmarks.micro.policy import NOW, grant

FIELDS = tuple(f"field_{number}" for number in range(20))
ITEMS = tuple(f"item-{number}" for number in range(100))
APART = 40
"""Examinations beside the most others that are timed one by one: the goal is 2 s for 95 of 100."""
OTHERS = (0, 10, 100)
"""Grants in force beside the one that changes, of the same organisation over the same evidence type."""


def operations(_folder: Path, _stack: ExitStack) -> Iterator[Operation]:
    """One whole examination each."""
    before = replace(grant(0), fields=frozenset(FIELDS[:10]), service_items=frozenset(ITEMS[:5]), masks=masks(10))
    changes = {
        "tightening": {"min_loa": 3},
        "widening": {"fields": frozenset(FIELDS[:12])},
        "incomparable": {"fields": frozenset(FIELDS[:12]), "valid_to": before.valid_to - timedelta(days=1)},
    }
    for others in OTHERS:
        active = (before, *(beside(before, number) for number in range(others)))
        for name, change in changes.items():
            proposal = Proposal(grant=replace(before, version=2, **change), active=active, registry=registry(), at=NOW)
            note = f"20 fields, 100 service items; {len(INVARIANTS)} invariants included"
            what = f"examine a {name} change, {others} grants beside"
            apart = 0 if others < max(OTHERS) else APART
            yield Operation(what, lambda p=proposal, n=name: examined(p, n), 1, note, apart)


def examined(proposal: Proposal, name: str) -> bool:
    """Whether the class is right and everything was proved."""
    one = examine(proposal)
    answers = {finding["answer"] for finding in one.shown["findings"]}  # type: ignore[index,union-attr,call-overload]
    # Beside grants without the masks, tightening one loosens what leaves under the others.
    expected = {name, "incomparable"} if proposal.others else {name}
    return one.change.value in expected and "not-proved" not in answers


def masks(count: int) -> dict[str, Mask]:
    """Half of the fields leave shortened."""
    return dict.fromkeys(FIELDS[: count // 2], Mask.LAST4)


def beside(before: Grant, number: int) -> Grant:
    """Another grant that overlaps with the first in some fields and service items."""
    return replace(
        before,
        id=f"BESIDE-{number}",
        fields=frozenset(FIELDS[number % 10 : number % 10 + 10]),
        masks={},
        service_items=frozenset(ITEMS[number % 90 : number % 90 + 10]),
        min_loa=1 + number % 4,
        obligations=(Obligation("retain", f"P{30 + number % 9}D"),),
    )


def registry() -> Registry:
    """One evidence type of twenty fields, a hundred service items."""
    fields = {name: RegisteredField(Text(name, name)) for name in FIELDS}
    return Registry(
        systems={"system": RegisteredSystem("consumer", "active")},
        organisations={name: RegisteredOrganisation() for name in ("consumer", "provider")},
        evidence_types={"type-0": RegisteredEvidenceType("provider", fields)},
        service_items={name: RegisteredServiceItem({"rules": BasisKind.STATUTORY}) for name in ITEMS},
    )
