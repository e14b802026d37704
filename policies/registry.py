"""What exists: the registry a decision is checked against before any policy is evaluated.

Built from the catalogue by the exchange for every policy epoch. Cedar lets an ``in`` on an unknown entity be silently
false, so whatever is not registered here is refused before a policy is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.grants.terms import BasisKind


@dataclass(frozen=True, slots=True)
class RegisteredSystem:
    """A department's system: owner and status (``active`` or anything else)."""

    organisation: str
    status: str


@dataclass(frozen=True, slots=True)
class RegisteredOrganisation:
    """An organisation and those directly above it; a grant to one above covers it."""

    parents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RegisteredField:
    """A field of an evidence type: its name in words, the weakest form in which it ever leaves, sensitivity 1 to 4."""

    label: Text
    minimal_mask: Mask = Mask.CLEAR
    sensitivity: int = 1


@dataclass(frozen=True, slots=True)
class RegisteredEvidenceType:
    """An evidence type: its owner, what may be asked of it, its classification (1 to 4) and the families it is in.

    ``behind``: the fields that a yes/no question is answered from, by its name. ``unshared_fields`` and
    ``unshared_predicates`` are what the law says is not shared: nobody obtains it, whatever a grant says.
    ``unconditional_fields`` and ``unconditional_predicates`` are what is shared without its provider being asked.
    """

    provider: str
    fields: Mapping[str, RegisteredField]
    predicates: frozenset[str] = frozenset()
    classification: int = 1
    parents: frozenset[str] = frozenset()
    behind: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unshared_fields: frozenset[str] = frozenset()
    unshared_predicates: frozenset[str] = frozenset()
    unconditional_fields: frozenset[str] = frozenset()
    unconditional_predicates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RegisteredServiceItem:
    """A service item: the legal bases it may stand on, by code, and the families it is in."""

    legal_bases: Mapping[str, BasisKind]
    parents: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Everything registered, by code."""

    systems: Mapping[str, RegisteredSystem]
    organisations: Mapping[str, RegisteredOrganisation]
    evidence_types: Mapping[str, RegisteredEvidenceType]
    service_items: Mapping[str, RegisteredServiceItem]
