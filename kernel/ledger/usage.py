"""Where a person's records went: the entries that bear a subject's tags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kernel import canonical


@dataclass(frozen=True, slots=True)
class UsageEntry:
    """An entry as those may see it whom it is about, or who took part in it."""

    index: int
    leaf: bytes
    """Canonical JSON of the entry."""
    at: datetime

    @classmethod
    def of(cls, index: int, leaf: bytes) -> UsageEntry:
        """Read an entry's time from its leaf."""
        return cls(index, leaf, datetime.fromisoformat(str(members_of(leaf)["at"])))

    @property
    def members(self) -> dict[str, canonical.JSON]:
        """The leaf's members: ``event``, ``request``, ``item``, ``facts`` …"""
        return members_of(self.leaf)


def members_of(leaf: bytes) -> dict[str, canonical.JSON]:
    """A leaf as the JSON object it is."""
    members = canonical.decode(leaf)
    if not isinstance(members, dict):
        raise TypeError("a leaf is a JSON object")
    return members
