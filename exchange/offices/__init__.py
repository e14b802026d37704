"""The rooms that officers, departments and people come to, put together once, a module for each kind of office.

What they share stands in ``Offices``. The rooms on the path of a request for evidence are put together in
``exchange.rooms``, which also gives these their addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.access import Access
from exchange.cases.alarms import Alarms
from exchange.cases.watching import Watch
from exchange.in_force.snapshot import Snapshot
from exchange.offices.casework import CaseOffices, open_case_offices
from exchange.offices.catalogue import CatalogueOffices, open_catalogue_offices
from exchange.offices.deliveries import DeliveryOffices, open_delivery_offices
from exchange.offices.governance import GovernanceOffices, open_governance_offices
from exchange.offices.messages import MessageOffices, open_message_offices
from exchange.offices.open_books import OpenBooks, open_books
from exchange.offices.remedies import RemedyOffices, open_remedy_offices
from exchange.outside import Outside
from exchange.return_flow.reading import Reader
from exchange.return_flow.telling import Telling
from kernel.clock import Clock
from kernel.database import Database
from kernel.keys import Purpose
from kernel.lease import Lease


@dataclass(frozen=True)
class Offices(
    CaseOffices, CatalogueOffices, DeliveryOffices, GovernanceOffices, MessageOffices, OpenBooks, RemedyOffices
):
    """Every office, and what they share."""

    database: Database
    clock: Clock


def open_offices(outside: Outside, access: Access, policy: Lease[Snapshot], watch: Watch, alarms: Alarms) -> Offices:
    """Put them together. Nothing is fetched or read from the database yet."""
    reader = Reader(access.indexes, outside.keys.secret(Purpose.INDEX), outside.clock)
    telling = Telling(outside.database, outside.ledger, reader)
    parts: tuple[object, ...] = (
        open_case_offices(outside, access, policy),
        open_catalogue_offices(outside, access, policy),
        open_delivery_offices(outside, access, policy, reader, watch, alarms),
        open_governance_offices(outside, access, policy),
        open_message_offices(outside, access),
        open_books(outside, access, telling),
        open_remedy_offices(outside, access, watch, telling),
    )
    offices: dict[str, Any] = {name: office for part in parts for name, office in vars(part).items()}
    return Offices(database=outside.database, clock=outside.clock, **offices)
