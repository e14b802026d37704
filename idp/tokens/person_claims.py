"""What is known about a person, by the names of OpenID Connect Core 1.0 §5.1, and what of it is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from idp.model.person import Person
from kernel.canonical import JSON

PersonClaims = Callable[[Person], Mapping[str, JSON]]
"""Everything known about a person. What is not known is left out (§5.3.2), never null."""


def of_account(person: Person) -> dict[str, JSON]:
    """What the account itself knows."""
    return {"name": person.name}


def told(known: Mapping[str, JSON], names: Collection[str]) -> dict[str, JSON]:
    """Those claims that were allowed."""
    return {name: value for name, value in known.items() if name in names}
