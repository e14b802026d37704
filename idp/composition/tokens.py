"""The rooms of tokens: what is issued for which grant, examined, revoked."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from idp.composition.clients import ClientRooms
from idp.composition.people import PeopleRooms
from idp.composition.tools import Tools
from idp.endpoints.introspection import IntrospectionEndpoint
from idp.endpoints.revocation import RevocationEndpoint
from idp.endpoints.token import TokenEndpoint
from idp.endpoints.userinfo import UserinfoEndpoint
from idp.grants.authorization_code import AuthorizationCodeGrant
from idp.grants.caller import Grant
from idp.grants.client_credentials import ClientCredentialsGrant
from idp.grants.polled import PolledGrant
from idp.grants.refresh_token import RefreshTokenGrant
from idp.grants.reuse import ReuseAlarm
from idp.grants.succession import Succession
from idp.grants.token_exchange import TokenExchangeGrant
from idp.model.client import GrantType
from idp.opening import derived
from idp.resource.metadata import ResourceMetadata
from idp.revocations import RevocationFeed, Revocations
from idp.store.backchannel_requests import BACKCHANNEL
from idp.store.device_requests import DEVICES
from idp.store.polled import PolledRequests
from idp.tokens.hints import IdTokenHints
from idp.tokens.issuer import TokenIssuer
from idp.tokens.person_claims import PersonClaims
from idp.tokens.signed_responses import SignedResponses
from idp.tokens.verification import AccessTokens


class TokenRooms:
    """Issuing tokens, and what becomes of them."""

    def __init__(self, tools: Tools, clients: ClientRooms, people: PeopleRooms) -> None:
        self._tools, self._clients, self._people = tools, clients, people
        self._issuer, self._exchange = tools.settings.issuer, tools.settings.exchange_resource

    @cached_property
    def resource(self) -> ResourceMetadata:
        """What the exchange publishes about itself."""
        return ResourceMetadata(self._exchange, self._tools.fetch, self._tools.clock)

    @cached_property
    def about(self) -> PersonClaims:
        """What is told about people."""
        return PersonClaims(self._tools.database, self._people.channels)

    @cached_property
    def responses(self) -> SignedResponses:
        """Signs for one client."""
        tools, clients = self._tools, self._clients
        return SignedResponses(self._issuer, tools.keys, clients.directory, tools.clock, clients.keys.recipient)

    @cached_property
    def issuing(self) -> TokenIssuer:
        """Signs, records, answers."""
        return TokenIssuer(
            self._issuer,
            self.resource,
            keys=self._tools.keys,
            ledger=self._tools.ledger,
            pairwise=self._people.pairwise,
            resources=self._clients.directory.resource,
            about=self.about,
            responses=self.responses,
            mandates=self._people.mandates,
            clock=self._tools.clock,
            entropy=self._tools.entropy,
        )

    @cached_property
    def succession(self) -> Succession:
        """How refresh tokens follow each other."""
        tools = self._tools
        idle = timedelta(minutes=tools.settings.refresh_idle_minutes)
        return Succession(tools.clock, tools.entropy, idle, derived(tools.keys, "refresh succession"))

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        """Every grant that exists."""
        tokens, accounts = self.issuing, self._people.accounts
        database, clock = self._tools.database, self._tools.clock
        alarm = ReuseAlarm(self._tools.ledger, clock)
        return (
            AuthorizationCodeGrant(tokens, accounts, alarm, database, clock, self.succession),
            RefreshTokenGrant(tokens, accounts, alarm, database, clock, self.succession),
            ClientCredentialsGrant(tokens),
            self._polled(GrantType.DEVICE_CODE, "device_code", DEVICES),
            self._polled(GrantType.CIBA, "auth_req_id", BACKCHANNEL),
            TokenExchangeGrant(tokens, self.access_tokens, self._clients.directory, accounts, database, clock),
        )

    def _polled(self, kind: GrantType, parameter: str, requests: PolledRequests) -> PolledGrant:
        tools, accounts = self._tools, self._people.accounts
        alarm = ReuseAlarm(tools.ledger, tools.clock)
        return PolledGrant(
            kind, parameter, requests, self.issuing, accounts, alarm, tools.database, tools.clock, self.succession
        )

    @cached_property
    def revocations(self) -> Revocations:
        """What was revoked."""
        return Revocations(self._tools.database, self._tools.clock)

    @cached_property
    def access_tokens(self) -> AccessTokens:
        """Reads access tokens of our own."""
        directory, tools = self._clients.directory, self._tools
        return AccessTokens(
            self._issuer,
            self._exchange,
            directory.enabled,
            directory.resource,
            tools.keys,
            self.revocations,
            tools.clock,
        )

    @cached_property
    def hints(self) -> IdTokenHints:
        """Reads ID tokens that come back."""
        return IdTokenHints(self._issuer, self._tools.keys)

    # Endpoints --------------------------------------------------------------------------------------------------------

    @cached_property
    def token(self) -> TokenEndpoint:
        """The token endpoint."""
        return TokenEndpoint(self._clients.authenticator, self.grants, self._tools.database, self._clients.possession)

    @cached_property
    def userinfo(self) -> UserinfoEndpoint:
        """The userinfo endpoint."""
        directory, tools = self._clients.directory, self._tools
        return UserinfoEndpoint(
            tokens=self.access_tokens,
            directory=directory,
            about=self.about,
            responses=self.responses,
            database=tools.database,
            possession=self._clients.possession,
            clock=tools.clock,
            least_level=tools.settings.userinfo_level,
            longest_ago=tools.settings.userinfo_max_age_minutes * 60 or None,
        )

    @cached_property
    def introspection(self) -> IntrospectionEndpoint:
        """The introspection endpoint."""
        return IntrospectionEndpoint(
            self._clients.door, self.access_tokens, self.responses, self._tools.database, self._tools.clock
        )

    @cached_property
    def revocation(self) -> RevocationEndpoint:
        """The revocation endpoint."""
        tools = self._tools
        return RevocationEndpoint(
            self._clients.door, self.access_tokens, self.revocations, tools.database, tools.ledger, tools.clock
        )

    @cached_property
    def feed(self) -> RevocationFeed:
        """The signed feed for the exchange."""
        tools = self._tools
        return RevocationFeed(self.revocations, self._issuer, self._exchange, tools.keys, tools.clock, tools.entropy)
