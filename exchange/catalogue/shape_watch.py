"""Telling people that a source is no longer shaped as it was described: each change once, on the day it is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from exchange.in_force.snapshot import Snapshot
from exchange.messages import notices
from exchange.store import messages
from exchange.store.messages import Message
from kernel.database import Database
from kernel.lease import Lease


@dataclass(frozen=True)
class ShapeWatch:
    """What the sources of one node have shown. Several nodes that notice the same tell it once, by the message's id."""

    policy: Lease[Snapshot]
    database: Database
    told: set[str] = field(default_factory=set)
    """Messages that this node has written: the database need not be asked about them again."""

    def tell(self) -> int:
        """Write what is to be told; how much that was. Raises DatabaseUnavailable, LeaseLost."""
        fresh = [one for one in self._messages(self.policy.current()) if one.id not in self.told]
        if fresh:
            self.database.write(lambda connection: messages.put(connection, fresh))
            self.told.update(one.id for one in fresh)
        return len(fresh)

    def _messages(self, snapshot: Snapshot) -> Iterator[Message]:
        for code, source in snapshot.sources.items():
            provider = snapshot.registry.evidence_types[code].provider
            for change in source.watch.changes():
                yield notices.source_changed(provider, code, change.kind, change.name, change.since)
