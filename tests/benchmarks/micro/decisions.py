"""How long single decisions take among 10,000 grants: every call timed apart, so that the slowest count, too.

Twenty organisations below one city, fifty evidence types of two families, ten grants for each pair of them, which
differ in their service item; twelve fields, half of them masked, duties, quotas, hours, consent. Requests come from a
working set of a thousand about a hundred purposes, all of which have been decided before: what a grant costs when it is
first needed is a row of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.decision import Deny, Permit
from policies.grants.terms import Hours
from policies.index import PolicyImage
from policies.model import AccessRequest, Action, BasisKind, Consent, Grant, Obligation, SystemPrincipal
from policies.registry import (
    RegisteredEvidenceType,
    RegisteredField,
    RegisteredOrganisation,
    RegisteredServiceItem,
    RegisteredSystem,
    Registry,
)
from tests.benchmarks.micro import Operation

NOW = datetime(2031, 6, 15, 2, 30, tzinfo=UTC)
ORGANISATIONS, TYPES, ITEMS = 20, 50, 10
FIELDS = tuple(f"field_{number:02d}" for number in range(12))
PURPOSES, REQUESTS, CALLS = 100, 1_000, 100_000
BASES = {"rules": BasisKind.STATUTORY, "agreed": BasisKind.CONSENT}
TEXT = Text("样例规定第一条", "Sample rules, article 1")
NOTE = "10,000 grants; masks, reasons, duties and quotas included; GOAL p50 10, p99 50, p99.9 250"


def operations(_folder: Path, _stack: ExitStack) -> Iterator[Operation]:
    """Permits, refusals, both as they come, and the first decision about a purpose."""
    chance, registered, granted = Random(4), registry(), list(grants())
    image = PolicyImage.build(granted, registered, epoch=1)
    aims = chance.sample(granted, PURPOSES)
    requests = [near(chance, chance.choice(aims)) for _ in range(REQUESTS)]
    kinds: dict[type, list[AccessRequest]] = {Permit: [], Deny: []}
    for request in requests:
        kinds[type(image.decide(request))].append(request)
    if min(map(len, kinds.values())) < REQUESTS // 5:
        raise AssertionError("too few of one kind")
    yield Operation("a loop of fixed length", _loop, note="how far this machine itself strays", apart=CALLS)
    for name, some in (("permits", kinds[Permit]), ("refusals", kinds[Deny]), ("as they come", requests)):
        yield Operation(f"decisions apart, {name}", each(image, some), note=NOTE, apart=CALLS, in_turn=len(some))
    first = (PolicyImage.build((aim,), registered, 1) for aim in itertools.cycle(granted))
    fits = itertools.cycle([fitting(aim) for aim in granted])
    yield Operation(
        "decision, first under a grant",
        lambda: isinstance(next(first).decide(next(fits)), Permit),
        note="its policy is parsed, checked and compiled; once a process",
    )


def _loop() -> bool:
    """Takes as long each time; whatever it is slower by, other work on the machine was to blame."""
    left = 400
    while left:
        left -= 1
    return True


def each(image: PolicyImage, requests: list[AccessRequest]) -> Callable[[], object]:
    """Decides the next of the requests, again and again."""
    coming = itertools.cycle(requests)
    return lambda: image.decide(next(coming))


def registry() -> Registry:
    """Who asks, for what, about which."""
    fields = {name: RegisteredField(TEXT, Mask.LAST4 if name == FIELDS[0] else Mask.CLEAR) for name in FIELDS}
    families = {f"family-{n}": RegisteredEvidenceType("provider", {}) for n in range(2)}
    types = {
        f"type-{n}": RegisteredEvidenceType("provider", fields, parents=frozenset({f"family-{n % 2}"}))
        for n in range(TYPES)
    }
    below = {f"org-{n}": RegisteredOrganisation(frozenset({"city"})) for n in range(ORGANISATIONS)}
    return Registry(
        systems={f"system-{n}": RegisteredSystem(f"org-{n}", "active") for n in range(ORGANISATIONS)},
        organisations={"city": RegisteredOrganisation(), "provider": RegisteredOrganisation(), **below},
        evidence_types=families | types,
        service_items={f"item-{n}": RegisteredServiceItem(BASES) for n in range(ITEMS)},
    )


def grants() -> Iterator[Grant]:
    """Ten thousand."""
    chance = Random(3)
    for organisation, kind, item in itertools.product(range(ORGANISATIONS), range(TYPES), range(ITEMS)):
        basis = "agreed" if chance.random() < 0.3 else "rules"
        fields = chance.sample(FIELDS, 8)
        yield Grant(
            id=f"G-{organisation}-{kind}-{item}",
            version=1,
            consumer=f"org-{organisation}",
            provider="provider",
            evidence_type=f"type-{kind}",
            service_items=frozenset({f"item-{item}"}),
            legal_basis=basis,
            basis_kind=BASES[basis],
            fields=frozenset(fields),
            masks=dict.fromkeys(fields[:4], Mask.LAST4),
            valid_from=NOW - timedelta(days=1),
            valid_to=NOW + timedelta(days=300),
            statute=TEXT,
            min_loa=2,
            quota_per_day=chance.choice((None, 500)),
            obligations=(Obligation("retain", "P90D"), Obligation("notify-citizen", "P1D")),
            hours=Hours(8, 18) if chance.random() < 0.2 else None,
        )


def fitting(aim: Grant) -> AccessRequest:
    """What the grant permits."""
    organisation = aim.consumer
    fields = frozenset(sorted(aim.fields)[:6])
    (item,) = aim.service_items
    agreed = Consent(
        service_item=item,
        consumer=organisation,
        evidence_type=aim.evidence_type,
        fields=fields,
        predicates=frozenset(),
        not_before=NOW - timedelta(minutes=1),
        not_after=NOW + timedelta(minutes=5),
        revoked=False,
    )
    return AccessRequest(
        system=SystemPrincipal(f"system-{organisation.removeprefix('org-')}", organisation, "active"),
        action=Action.OBTAIN,
        evidence_type=aim.evidence_type,
        provider="provider",
        fields=fields,
        predicates=frozenset(),
        service_item=item,
        legal_basis=aim.legal_basis,
        now=NOW,
        loa=3,
        present=True,
        consent=agreed if aim.basis_kind is BasisKind.CONSENT else None,
    )


def near(chance: Random, aim: Grant) -> AccessRequest:
    """What the grant permits, or nearly."""
    request = fitting(aim)
    return replace(request, **chance.choice(_CHANGES)(request)) if chance.random() < 0.5 else request


_CHANGES: tuple[Callable[[AccessRequest], dict[str, Any]], ...] = (
    lambda _: {"loa": 1},
    lambda _: {"fields": frozenset(FIELDS)},
    lambda request: {"service_item": f"item-{(int(request.service_item[5:]) + 1) % ITEMS}"},
    lambda request: {"legal_basis": "rules" if request.legal_basis == "agreed" else "agreed"},
    lambda _: {"now": NOW + timedelta(days=301)},
    lambda _: {"quota_used_today": 500},
    lambda _: {"relation": "spouse"},
    lambda _: {"consent": None, "legal_basis": "agreed"},
    lambda _: {"present": False, "loa": 0},
)
