"""The rooms of clients: who is registered, and how they prove who they are."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import quote

from idp.clients.authentication import ClientAuthenticator
from idp.clients.certificates import Authorities, TlsOffer
from idp.clients.directory import ClientDirectory
from idp.clients.keys import ClientKeys
from idp.clients.self_registration import SelfRegistration
from idp.clients.software_statements import SoftwareStatements, trusted
from idp.composition.tools import Tools
from idp.endpoints import addresses
from idp.endpoints.addresses import Addresses
from idp.endpoints.client_registration import ClientRegistrationEndpoint
from idp.endpoints.client_requests import ClientDoor
from idp.opening import derived, tls_offer
from idp.tokens.nonces import Nonces
from idp.tokens.proof_of_possession import Possession


class ClientRooms:
    """Directory and authentication of clients."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @cached_property
    def directory(self) -> ClientDirectory:
        """Every registered client."""
        return ClientDirectory(self._tools.database, self._tools.clock)

    @cached_property
    def keys(self) -> ClientKeys:
        """The keys of clients, registered or published."""
        return ClientKeys(self._tools.reach, self._tools.clock)

    @cached_property
    def authenticator(self) -> ClientAuthenticator:
        """How clients prove who they are."""
        bundle = self._tools.settings.client_authorities
        authorities = None if bundle is None else Authorities.load(bundle)
        return ClientAuthenticator(
            self.directory, self.keys, self._tools.settings.issuer, self._tools.clock, authorities
        )

    @cached_property
    def possession(self) -> Possession:
        """What requests prove they hold."""
        tools = self._tools
        nonces = Nonces(tools.clock, derived(tools.keys, "dpop nonce"), tools.settings.dpop_nonce == "on")
        return Possession(tools.clock, nonces)

    @property
    def tls(self) -> TlsOffer:
        """What of client certificates is switched on."""
        return tls_offer(self._tools.settings)

    @cached_property
    def registration(self) -> ClientRegistrationEndpoint:
        """Where clients register and manage themselves."""
        tools, own = self._tools, Addresses(self._tools.settings.issuer)
        return ClientRegistrationEndpoint(
            SelfRegistration(
                tools.database,
                tools.ledger,
                self.directory,
                lambda client_id: f"{own.of(addresses.REGISTER)}/{quote(client_id, safe='')}",
                tools.keys.algorithms,
                self.tls,
                tools.reach,
                SoftwareStatements(tools.settings.issuer, trusted(tools.settings.software_statement_issuers)),
                tools.clock,
                tools.entropy,
            )
        )

    @cached_property
    def door(self) -> ClientDoor:
        """Authentication that uses up what it is shown."""
        return ClientDoor(self.authenticator, self._tools.database)
