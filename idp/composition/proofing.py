"""The rooms of proofing: accounts people make for themselves, and how their level is raised."""

from __future__ import annotations

from functools import cached_property

from idp.composition.account import AccountRooms
from idp.composition.people import PeopleRooms
from idp.composition.tools import Tools
from idp.pages.account.door import AccountDoor
from idp.pages.account.identity import IdentityPages
from idp.pages.signing_up import SigningUpPages
from idp.proofing.identity import Identities
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

    def routes(self) -> tuple[Route, ...]:
        """The pages."""
        door = AccountDoor(self._people.visitors)
        return (*SigningUpPages(self.registrations).routes(), *IdentityPages(door, self.identities).routes())
