"""Opening the sandbox, and a system's check-in: each recorded and stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection

from exchange.access import AuthorisedSystem
from exchange.catalogue.publishing import EntryMoved, applied, grants_fit, living
from exchange.catalogue.registry import Registry
from exchange.messages import notices
from exchange.onboarding import shipped
from exchange.store import catalogue, epoch, messages, onboarding
from exchange.store.onboarding import CheckIn
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from policies.roles import Officer


@dataclass(frozen=True)
class Sandbox:
    """The sandbox of one exchange."""

    database: Database
    ledger: Ledger
    clock: Clock
    entropy: Entropy

    def open(self, officer: Officer, spend: Also) -> str:
        """Publish what is missing of the sandbox; the organisation that keeps it: the officer's, where none does yet.

        What stands is left as it is, whoever asks: it may have been changed under review since.

        Raises InvalidCatalogue, GrantsDepend, EntryMoved, LedgerUnavailable.
        """
        with self.database.read() as connection:
            seen = epoch.read(connection)
            union = catalogue.read_all(connection)
            affected = living(connection)
        keeper = shipped.keeper(union) or officer.organisation
        missing = [one for one in shipped.manifests(keeper) if catalogue.key_of(one) not in union]
        if not missing:
            self.database.write(lambda connection: spend(connection, ()))
            return keeper
        with_them = Registry.build((union | {catalogue.key_of(one): one for one in missing}).values())
        grants_fit(with_them, affected, cache(lambda: Registry.build(union.values())))

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            now = epoch.read(connection)
            if (now.catalogue, now.policies) != (seen.catalogue, seen.policies):
                raise EntryMoved
            for document in missing:
                applied(connection, document, officer.id, self.clock)
            catalogue.replace(connection, missing, self.clock.now())
            epoch.advance(connection, catalogue=True)
            waiting = onboarding.organisations_checked_in(connection)
            messages.put(connection, notices.sandbox_open(waiting, self.clock.now()))

        names: list[JSON] = ["/".join(catalogue.key_of(one)) for one in missing]
        said: dict[str, JSON] = {"objects": names, "by": officer.id, "organisation": officer.organisation}
        self.ledger.append([Event("SandboxOpened", new_id("sandbox", self.clock, self.entropy), facts=said)], also=also)
        return keeper

    def check_in(self, caller: AuthorisedSystem, spend: Also) -> CheckIn:
        """Note that a system showed a token bound to its key or certificate. Raises LedgerUnavailable."""
        token, system = caller.caller.token, caller.system
        binding = "dpop" if token.key_thumbprint else "mutual-tls"
        found = CheckIn(system.name, system.organisation, binding, self.clock.now())

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            onboarding.put(connection, found)
            if not all(code in caller.snapshot.registry.connectors for code in shipped.TYPES):
                messages.put(connection, [notices.sandbox_waits(system.organisation, found.at)])

        said: dict[str, JSON] = {"system": system.name, "organisation": system.organisation, "binding": binding}
        self.ledger.append(
            [Event("SystemCheckedIn", new_id("checkin", self.clock, self.entropy), facts=said)], also=also
        )
        return found
