"""The policy decision: our compiled image against cedarpy's own engine over the same policies, parsed once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.decision import Decision, Deny, Permit
from policies.index import PolicyImage
from policies.model import AccessRequest, Action, BasisKind, Grant, SystemPrincipal
from policies.reference import Judge
from policies.registry import (
    RegisteredEvidenceType,
    RegisteredField,
    RegisteredOrganisation,
    RegisteredServiceItem,
    RegisteredSystem,
    Registry,
)
from tests.benchmarks.micro import Operation

NOW = datetime(2031, 6, 15, 9, 30, tzinfo=UTC)
SIZES = (100, 1_000, 10_000)
PAIRS = 10
"""Grants of one consumer for one evidence type: what a decision has to tell apart by their conditions."""


def operations(_folder: Path, _stack: ExitStack) -> Iterator[Operation]:
    """A decision among so many grants."""
    for size in SIZES:
        image = PolicyImage.build(grants(size), registry(size), epoch=1)
        asked = request()
        note = f"{PAIRS} of the grants share consumer and evidence type"
        yield Operation(f"decision, {size:,} grants", lambda i=image, a=asked: isinstance(i.decide(a), Permit), 1, note)
        weak = replace(asked, loa=1)
        yield Operation(
            f"refusal with its reasons, {size:,} grants",
            lambda i=image, a=weak: _says_why(i.decide(a)),
            1,
            "which clause of which grant, in both languages",
        )
        if size <= 1_000:  # cedarpy takes longer than a benchmark has to parse more
            judge = Judge(image, sliced=False)
            yield Operation(
                f"cedarpy PolicySet, {size:,} grants", lambda j=judge, a=asked: isinstance(j.judge(a), Permit)
            )


def _says_why(said: Decision) -> bool:
    return isinstance(said, Deny) and [clause.code for clause in said.clauses] == ["policy.assurance-too-low"]


def registry(size: int) -> Registry:
    """One system, and as many evidence types and service items as the grants name."""
    field = RegisteredField(Text("姓名", "name"), Mask.CLEAR)
    return Registry(
        systems={"system": RegisteredSystem("consumer", "active")},
        organisations={name: RegisteredOrganisation() for name in ("consumer", "provider")},
        evidence_types={f"type-{n}": RegisteredEvidenceType("provider", {"name": field}) for n in range(size // PAIRS)},
        service_items={f"item-{n}": RegisteredServiceItem({"rules": BasisKind.STATUTORY}) for n in range(PAIRS)},
    )


def grants(size: int) -> list[Grant]:
    """Grants that differ in evidence type and service item."""
    return [grant(number) for number in range(size)]


def grant(number: int) -> Grant:
    """The grant of one evidence type for one service item."""
    words = Text("样例规定第一条", "Sample rules, article 1")
    return Grant(
        id=f"G-{number}",
        version=1,
        consumer="consumer",
        provider="provider",
        evidence_type=f"type-{number // PAIRS}",
        service_items=frozenset({f"item-{number % PAIRS}"}),
        legal_basis="rules",
        basis_kind=BasisKind.STATUTORY,
        fields=frozenset({"name"}),
        masks={"name": Mask.NAME},
        valid_from=NOW - timedelta(days=1),
        valid_to=NOW + timedelta(days=300),
        statute=words,
    )


def request() -> AccessRequest:
    """One request that one grant permits."""
    return AccessRequest(
        system=SystemPrincipal("system", "consumer", "active"),
        action=Action.OBTAIN,
        evidence_type="type-3",
        provider="provider",
        fields=frozenset({"name"}),
        predicates=frozenset(),
        service_item="item-5",
        legal_basis="rules",
        now=NOW,
        loa=3,
        present=True,
    )
