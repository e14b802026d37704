"""The offices of the catalogue: read, changed, reported on; its sources; and a department's first steps in it."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.access import Access
from exchange.catalogue.desk import CatalogueDesk
from exchange.catalogue.endpoints import Catalogue
from exchange.catalogue.publishing import Publishing
from exchange.catalogue.reports import Reports
from exchange.catalogue.search.shelves import Shelves
from exchange.catalogue.source_desk import SourceDesk
from exchange.in_force.snapshot import Snapshot
from exchange.onboarding.endpoints import Onboarding
from exchange.onboarding.sandbox import Sandbox
from exchange.outside import Outside
from kernel.lease import Lease


@dataclass(frozen=True)
class CatalogueOffices:
    """The catalogue, its entries on their way to being published, its sources, and how departments join."""

    catalogue: Catalogue
    reports: Reports
    catalogue_desk: CatalogueDesk
    source_desk: SourceDesk
    onboarding: Onboarding


def open_catalogue_offices(outside: Outside, access: Access, policy: Lease[Snapshot]) -> CatalogueOffices:
    """Put them together."""
    settings, database, ledger, clock = outside.settings, outside.database, outside.ledger, outside.clock
    return CatalogueOffices(
        catalogue=Catalogue(policy, clock, Shelves()),
        reports=Reports(settings.origin, policy, clock),
        catalogue_desk=CatalogueDesk(access, Publishing(policy, database, ledger, clock)),
        source_desk=SourceDesk(access),
        onboarding=Onboarding(access, Sandbox(database, ledger, clock, outside.entropy), settings.issuer),
    )
