"""The rooms of proofing: accounts people make for themselves, and how their level is raised."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from idp.composition.account import AccountRooms
from idp.composition.people import PeopleRooms
from idp.composition.tools import Tools
from idp.pages.account.door import AccountDoor
from idp.pages.account.identity import IdentityPages
from idp.pages.recovery import RecoveryPages
from idp.pages.signing_up import SigningUpPages
from idp.proofing.identity import Identities
from idp.proofing.recovery import Recoveries
from idp.proofing.registration import Registrations
from kernel.web.routes import Route


class ProofingRooms:
    """From a stranger to somebody known."""

    def __init__(self, tools: Tools, people: PeopleRooms, account: AccountRooms) -> None:
        self._tools, self._people, self._account = tools, people, account

    @cached_property
    def registrations(self) -> Registrations:
        """People's own accounts."""
        tools, people = self._tools, self._people
        return Registrations(
            database=tools.database,
            ledger=tools.ledger,
            vault=people.accounts.vault,
            passwords=tools.passwords,
            sent_codes=people.sent_codes,
            throttle=people.sign_in.throttle,
            clock=tools.clock,
            entropy=tools.entropy,
        )

    @cached_property
    def identities(self) -> Identities:
        """How a level is raised."""
        tools, people = self._tools, self._people
        return Identities(
            tools.database, self._account.changes, people.accounts.vault, tools.verifier, people.sign_in.throttle
        )

    @cached_property
    def recoveries(self) -> Recoveries:
        """The way back."""
        tools, people = self._tools, self._people
        return Recoveries(
            database=tools.database,
            ledger=tools.ledger,
            notices=people.notices,
            passwords=tools.passwords,
            throttle=people.sign_in.throttle,
            issuer=tools.settings.issuer,
            delay=timedelta(hours=tools.settings.recovery_delay_hours),
            clock=tools.clock,
            entropy=tools.entropy,
        )

    def routes(self) -> tuple[Route, ...]:
        """The pages."""
        door = AccountDoor(self._people.visitors)
        return (
            *SigningUpPages(self.registrations).routes(),
            *IdentityPages(door, self.identities).routes(),
            *RecoveryPages(self.recoveries).routes(),
        )
