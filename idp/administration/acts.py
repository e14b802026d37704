"""A change that is ready to be made: alone, or together with the decision that allows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from kernel.canonical import JSON


@dataclass(frozen=True, slots=True)
class ShownOnce:
    """What is shown once, to whoever made the change: its name on the wire, and the secret."""

    name: str
    secret: str = field(repr=False)


def nothing_more() -> None:
    """What most acts do after their commit."""


@dataclass(frozen=True, slots=True)
class Act:
    """The entry's name and facts, the change itself, and what follows once both are durable.

    ``afterwards`` gives back what is shown once (a secret), or does what no database transaction holds (ends a key).
    ``within``: the one department it stays in, where that department's administrator may propose it; None for an act
    that only an office reaching everywhere may propose. ``besides``: names and facts of what the same change does to
    others that have entries of their own.
    """

    name: str
    facts: Mapping[str, JSON]
    change: Callable[[Connection], object]
    afterwards: Callable[[], ShownOnce | None] = nothing_more
    within: str | None = None
    besides: tuple[tuple[str, Mapping[str, JSON]], ...] = ()
