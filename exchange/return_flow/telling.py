"""What a person reads of return flows: in which of them a record of theirs is or was, with the receipt of the newest
file that has it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from exchange.catalogue.registry import Registry
from exchange.return_flow.reading import Reader
from exchange.store import return_flow_books
from exchange.store.return_flow_books import Held
from kernel.canonical import JSON
from kernel.database import Database
from kernel.dates import time_text
from kernel.identifiers.subject import SubjectRef
from kernel.ledger.log import Ledger
from kernel.text import Text


@dataclass(frozen=True)
class Telling:
    """Finds a person's records in flows, by the pseudonyms that only the exchange can make."""

    database: Database
    ledger: Ledger
    reader: Reader

    def of(self, person: SubjectRef, registry: Registry) -> list[dict[str, JSON]]:
        """One sentence for each flow that a record of this person is or was in. Raises DatabaseUnavailable."""
        return [_view(each, registry, self.ledger.receipt(each.entry).text) for each in self.holding(person)]

    def holding(self, person: SubjectRef) -> list[Held]:
        """The flows that a record of this person is or was in. Raises DatabaseUnavailable."""
        with self.database.read() as connection:
            return self.holding_of(connection, self.reader.indexes.of(person))

    def by_entry(self, person: SubjectRef, entry: str) -> Held | None:
        """The flow of which this entry is the newest file that has a record of this person; None where it is none.
        Raises DatabaseUnavailable.
        """
        return next((held for held in self.holding(person) if str(held.entry) == entry), None)

    def holding_of(self, connection: Connection, index: bytes, evidence_type: str | None = None) -> list[Held]:
        """The same for whoever has this blind index, of one type of record alone where it is named."""
        flows = return_flow_books.known(connection, evidence_type)
        rows = {self.reader.pseudonym(flow, index) for flow in flows}
        return return_flow_books.holding(connection, rows) if rows else []


def sentence(held: Held, registry: Registry) -> Text:
    """Who gets what of whom in bulk, and on what ground."""
    kind, item = registry.evidence_types.get(held.evidence_type), registry.service_items.get(held.service_item)
    consumer = registry.organisations.get(held.consumer)
    whose = consumer.name if consumer is not None else Text(held.consumer, held.consumer)
    what = kind.name if kind is not None else Text(held.evidence_type, held.evidence_type)
    labels = [kind.fields[name].label if kind and name in kind.fields else Text(name, name) for name in held.fields]
    basis = item.legal_bases.get(held.legal_basis) if item is not None else None
    ground = basis.citation if basis is not None else Text(held.legal_basis, held.legal_basis)
    zh, en = "、".join(label.zh for label in labels), ", ".join(label.en for label in labels)
    return Text(
        f"{whose.zh}成批取回本区划的{what.zh}（{zh}），{_in(held).zh}。依据：{ground.zh}。",
        f"{whose.en} gets the {what.en} ({en}) of its division back in bulk; {_in(held).en}. Ground: {ground.en}.",
    )


def _view(held: Held, registry: Registry, receipt: str) -> dict[str, JSON]:
    return {
        "consumer": held.consumer,
        "evidence_type": held.evidence_type,
        "division": held.division,
        "fields": [*held.fields],
        "at": held.at.isoformat(),
        "until": None if held.until is None else held.until.isoformat(),
        "sentence": sentence(held, registry).members(),
        "index": held.entry,
        "receipt": receipt,
    }


def _in(held: Held) -> Text:
    if held.until is None:
        return Text("其中有您的记录", "your record is among them")
    zh, en = time_text(held.until, "zh"), time_text(held.until, "en")
    return Text(f"{zh}以前其中有您的记录", f"until {en} your record was among them")
