"""What the exchange shows of itself: who used whose data, its log, and how its documents and keys are found."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.access import Access
from exchange.discovery import Discovery
from exchange.outside import Outside
from exchange.return_flow.telling import Telling
from exchange.transparency.log import Log
from exchange.transparency.usage import Usage
from kernel.ledger.tiles import Tiles


@dataclass(frozen=True)
class OpenBooks:
    """A person's and a provider's log of uses, the ledger, and the metadata."""

    usage: Usage
    log: Log
    discovery: Discovery


def open_books(outside: Outside, access: Access, telling: Telling) -> OpenBooks:
    """Put them together; ``telling`` finds a person's records in return flows."""
    settings, ledger = outside.settings, outside.ledger
    return OpenBooks(
        usage=Usage(access, ledger, outside.clock, telling),
        log=Log(access, ledger, Tiles(outside.database)),
        discovery=Discovery(settings.origin, settings.issuer, outside.keys),
    )
