"""What must be done with a release: masks (the strongest wins), obligations (all of them; an unknown one refuses)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from kernel.identifiers.masking import Mask, stronger
from policies.grant import Grant, Obligation
from policies.registry import RegisteredField

_DURATION = re.compile(r"P(?:\d{1,4}[DWMY]|T\d{1,4}[HM])")

KNOWN: Mapping[str, re.Pattern[str]] = MappingProxyType({"notify-citizen": _DURATION, "retain": _DURATION})
"""Kinds with the form of their argument: tell the citizen within, let the consumer keep the data for at most."""


def unknown(obligations: Iterable[Obligation], known: Mapping[str, re.Pattern[str]] = KNOWN) -> tuple[Obligation, ...]:
    """Those that nobody here can carry out: of an unknown kind, or with an argument that says nothing."""
    return tuple(
        obligation
        for obligation in obligations
        if obligation.kind not in known or not known[obligation.kind].fullmatch(obligation.argument)
    )


def union(grants: Iterable[Grant]) -> tuple[Obligation, ...]:
    """Every obligation of every grant, once, in a fixed order."""
    return tuple(sorted({obligation for grant in grants for obligation in grant.obligations}))


def release(
    asked: frozenset[str], grants: Iterable[Grant], catalogue: Mapping[str, RegisteredField]
) -> dict[str, Mask]:
    """Each field asked for with the strongest of its masks: of every satisfied grant, and the catalogue's own."""
    masks = {field: catalogue[field].minimal_mask for field in sorted(asked)}
    for grant in grants:
        for field in grant.masks.keys() & asked:
            masks[field] = stronger(masks[field], grant.masks[field])
    return masks
