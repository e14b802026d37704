"""Who received a record: the departments it was released to in a case, and those whose return flow holds or held it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from exchange.return_flow.telling import Telling
from exchange.store import corrections
from exchange.store.corrections import Recipient
from exchange.store.return_flow_books import Held


@dataclass(frozen=True, slots=True)
class Received:
    """Where one type of record about one person went: ``released`` case by case, and in bulk in ``flows``."""

    released: tuple[Recipient, ...]
    flows: tuple[Held, ...]

    @property
    def departments(self) -> frozenset[str]:
        """All of them."""
        return frozenset({one.consumer for one in self.released} | {one.consumer for one in self.flows})

    def by(self, department: str) -> Received:
        """What of it this department received."""
        return Received(
            tuple(one for one in self.released if one.consumer == department),
            tuple(one for one in self.flows if one.consumer == department),
        )


@dataclass(frozen=True)
class Recipients:
    """Finds them; ``telling`` finds a person's records in return flows."""

    telling: Telling

    def of(self, connection: Connection, subject: bytes, evidence_type: str) -> Received:
        """Of the record of this type about whoever has this blind index."""
        released = corrections.recipients(connection, subject, evidence_type)
        return Received(released, tuple(self.telling.holding_of(connection, subject, evidence_type)))
