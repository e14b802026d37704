"""The rooms of the back channel: a client asks, the person answers on a device of their own."""

from __future__ import annotations

from functools import cached_property

from idp.ciba.desk import BackchannelDesk
from idp.ciba.pings import Pings
from idp.ciba.whom import Whom
from idp.clients.directory import ClientDirectory
from idp.clients.reach import Reach
from idp.composition.authorization import AuthorizationRooms
from idp.composition.clients import ClientRooms
from idp.composition.people import PeopleRooms
from idp.composition.tokens import TokenRooms
from idp.composition.tools import Tools, derived, vault
from idp.endpoints.addresses import ASKED, Addresses
from idp.endpoints.backchannel_authentication import BackchannelAuthenticationEndpoint
from idp.endpoints.backchannel_request import AuthenticationRequests
from idp.pages.account.door import AccountDoor
from idp.pages.account.requests import RequestPages
from kernel.clock import Clock
from kernel.database import Database
from kernel.keys import KeyRing
from kernel.ledger.log import Ledger


def pings(database: Database, keys: KeyRing, ledger: Ledger, clock: Clock, reach: Reach) -> Pings:
    """What tells clients that an answer is there, for a herald of its own."""
    return Pings(database, ledger, ClientDirectory(database, clock), reach, vault(keys), clock)


class CibaRooms:
    """Asking, and being asked."""

    def __init__(
        self,
        tools: Tools,
        clients: ClientRooms,
        people: PeopleRooms,
        tokens: TokenRooms,
        authorization: AuthorizationRooms,
    ) -> None:
        self._tools, self._clients, self._people = tools, clients, people
        self._tokens, self._authorization = tokens, authorization

    @cached_property
    def desk(self) -> BackchannelDesk:
        """Takes requests up."""
        tools, people, directory = self._tools, self._people, self._clients.directory
        return BackchannelDesk(
            whom=Whom(tools.database, self._tokens.hints, people.pairwise, derived(tools.keys, "whom a client means")),
            accounts=people.accounts,
            directory=directory,
            pairwise=people.pairwise,
            notices=people.notices,
            ledger=tools.ledger,
            page=Addresses(tools.settings.issuer).of(ASKED),
            clock=tools.clock,
            entropy=tools.entropy,
        )

    @cached_property
    def endpoint(self) -> BackchannelAuthenticationEndpoint:
        """The backchannel authentication endpoint."""
        issuer, clients = self._tools.settings.issuer, self._clients
        requests = AuthenticationRequests(clients.keys.of, issuer, self._tools.clock)
        return BackchannelAuthenticationEndpoint(
            clients.door, requests, self._authorization.reader, self.desk, Addresses(issuer)
        )

    @cached_property
    def pages(self) -> RequestPages:
        """What people are asked."""
        tools = self._tools
        door = AccountDoor(self._people.visitors)
        return RequestPages(door, self._authorization.flow, self._clients.directory, tools.database, tools.clock)
