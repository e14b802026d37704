"""The rooms of the back channel: a client asks, the person answers on a device of their own."""

from __future__ import annotations

from functools import cached_property

from idp.askings import SealedNames
from idp.authentication.accounts import Accounts
from idp.authentication.passwords import Share
from idp.ciba.clerk import BackchannelClerk
from idp.ciba.desk import BackchannelDesk
from idp.ciba.pings import Pings
from idp.ciba.user_codes import PLACES, UserCodes
from idp.ciba.whom import Whom
from idp.clients.directory import ClientDirectory
from idp.clients.reach import Reach
from idp.composition.authorization import AuthorizationRooms
from idp.composition.clients import ClientRooms
from idp.composition.people import PeopleRooms
from idp.composition.tokens import TokenRooms
from idp.composition.tools import Tools
from idp.endpoints.addresses import ASKED, Addresses
from idp.endpoints.backchannel_authentication import BackchannelAuthenticationEndpoint
from idp.endpoints.backchannel_request import AuthenticationRequests
from idp.notices import Channels, Notices
from idp.opening import derived, vault
from idp.pages.account.door import AccountDoor
from idp.pages.account.requests import RequestPages
from idp.tokens.pairwise import Pairwise
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.keys import KeyRing, Purpose
from kernel.ledger.log import Ledger
from kernel.settings import IdpSettings


def pings(database: Database, keys: KeyRing, ledger: Ledger, clock: Clock, reach: Reach) -> Pings:
    """What tells clients that an answer is there, for a herald of its own."""
    return Pings(database, ledger, ClientDirectory(database, clock), reach, vault(keys), clock)


def backchannel_clerk(
    settings: IdpSettings, database: Database, keys: KeyRing, ledger: Ledger, clock: Clock, entropy: Entropy
) -> BackchannelClerk:
    """Who looks whom requests name, for a herald of its own."""
    sealing = vault(keys)
    return BackchannelClerk(
        database=database,
        ledger=ledger,
        accounts=Accounts(database, sealing),
        directory=ClientDirectory(database, clock),
        pairwise=Pairwise(keys.secret(Purpose.PAIRWISE)),
        notices=Notices(sealing, Channels(sealing, clock, entropy), clock, entropy),
        names=_names(keys),
        page=Addresses(settings.issuer).of(ASKED),
        clock=clock,
        entropy=entropy,
    )


def _names(keys: KeyRing) -> SealedNames:
    return SealedNames(derived(keys, "backchannel asking"), "backchannel_asking")


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
        tools, people = self._tools, self._people
        key = derived(tools.keys, "whom a client means")
        return BackchannelDesk(
            whom=Whom(tools.database, self._tokens.hints, people.pairwise, key),
            user_codes=UserCodes(
                tools.database,
                Share(tools.passwords, PLACES),
                people.sign_in.throttle,
                tools.ledger,
                tools.clock,
                tools.entropy,
            ),
            names=_names(tools.keys),
            ledger=tools.ledger,
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
