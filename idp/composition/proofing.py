"""The rooms of proofing: accounts people make for themselves, and how their level is raised."""

from __future__ import annotations

from functools import cached_property

from idp.composition.people import PeopleRooms
from idp.composition.tools import Tools
from idp.pages.signing_up import SigningUpPages
from idp.proofing.registration import Registrations
from kernel.web.routes import Route


class ProofingRooms:
    """From a stranger to somebody known."""

    def __init__(self, tools: Tools, people: PeopleRooms) -> None:
        self._tools, self._people = tools, people

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

    def routes(self) -> tuple[Route, ...]:
        """The pages."""
        return SigningUpPages(self.registrations).routes()
