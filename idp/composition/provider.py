"""The whole provider: all rooms, and the table of everything that answers."""

from __future__ import annotations

from idp.composition.account import AccountRooms
from idp.composition.administration import AdministrationRooms
from idp.composition.authorization import AuthorizationRooms
from idp.composition.ciba import CibaRooms
from idp.composition.clients import ClientRooms
from idp.composition.people import PeopleRooms
from idp.composition.proofing import ProofingRooms
from idp.composition.signing_out import SigningOutRooms
from idp.composition.tokens import TokenRooms
from idp.composition.tools import Tools
from idp.endpoints.addresses import Addresses
from idp.endpoints.discovery import DiscoveryEndpoint
from idp.endpoints.jwks import JwksEndpoint
from idp.endpoints.log import LogEndpoints
from idp.routes import Endpoints, protocol_routes
from kernel.ledger.tiles import Tiles
from kernel.web.routes import Route


class Composition:
    """The provider's rooms, furnished with the tools."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._clients = ClientRooms(tools)
        self._people = PeopleRooms(tools)
        self._tokens = TokenRooms(tools, self._clients, self._people)
        self._authorization = AuthorizationRooms(tools, self._clients, self._people, self._tokens)
        self._ciba = CibaRooms(tools, self._clients, self._people, self._tokens, self._authorization)
        self._signing_out = SigningOutRooms(tools, self._clients, self._people, self._tokens)
        self._account = AccountRooms(tools, self._people)
        self._proofing = ProofingRooms(tools, self._people, self._account, self._tokens)
        self._administration = AdministrationRooms(tools, self._clients, self._people, self._tokens)

    def routes(self) -> tuple[Route, ...]:
        """Everything that answers."""
        log = LogEndpoints(self._tools.ledger, Tiles(self._tools.database))
        pages = (
            *self._authorization.pages.routes(),
            *self._authorization.consent_list.routes(),
            *self._authorization.device_pages.routes(),
            *self._ciba.pages.routes(),
            *self._people.own_sign_in.routes(),
            *self._account.routes(),
            *self._proofing.routes(),
            *self._administration.pages(),
            *self._administration.api(),
            *self._signing_out.pages.routes(),
        )
        return (*protocol_routes(self._endpoints()), *log.routes(), *pages)

    def _endpoints(self) -> Endpoints:
        return Endpoints(
            authorization=self._authorization.authorization,
            par=self._authorization.par,
            device_authorization=self._authorization.device_authorization,
            backchannel_authentication=self._ciba.endpoint,
            token=self._tokens.token,
            userinfo=self._tokens.userinfo,
            introspection=self._tokens.introspection,
            revocation=self._tokens.revocation,
            end_session=self._signing_out.end_session,
            jwks=JwksEndpoint(self._tools.keys),
            discovery=DiscoveryEndpoint(
                Addresses(self._tools.settings.issuer), self._tools.keys.algorithms, self._clients.tls
            ),
            revocations=self._tokens.feed,
            registration=self._clients.registration,
        )
