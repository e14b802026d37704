"""A change that is ready to be made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from kernel.canonical import JSON


@dataclass(frozen=True, slots=True)
class Act:
    """The entry's name and facts, and the change itself."""

    name: str
    facts: Mapping[str, JSON]
    change: Callable[[Connection], object]
