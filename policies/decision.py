"""The answer: a permit that says exactly what may leave, or a refusal that says which clause failed. Nothing third."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.grants.terms import Obligation


@dataclass(frozen=True, slots=True)
class Quota:
    """Releases a day under one grant (``grant`` is its id@version); to be reserved atomically after the permit."""

    grant: str
    per_day: int

    @property
    def counted(self) -> str:
        """What a day's releases are counted by: the grant, whichever of its versions is in force."""
        return self.grant.partition("@")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What may leave: every requested field with its mask, and the requested yes/no answers.

    ``grants`` are the ids@versions that were satisfied, sorted; masks are the strongest and obligations the union over
    them; every quota must be reserved before anything leaves.
    """

    grants: tuple[str, ...]
    release: Mapping[str, Mask]
    predicates: frozenset[str]
    obligations: tuple[Obligation, ...]
    quotas: tuple[Quota, ...]
    epoch: int


@dataclass(frozen=True, slots=True)
class UnmetClause:
    """A clause that was not satisfied: ``id`` is ``grant@version#cN``, ``code`` stable, ``text`` for people.

    A guard has no clause number. The text is generated from the grant and the catalogue and holds nothing of a person.
    ``level`` is the assurance that a sign-in would need to meet it, where that is all it asks.
    """

    id: str
    code: str
    text: Text
    level: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """A refusal: ``code`` of the clause that decided, every clause that failed, and the grants that came nearest."""

    code: str
    clauses: tuple[UnmetClause, ...]
    grants: tuple[str, ...]
    epoch: int


Decision = Permit | Deny
