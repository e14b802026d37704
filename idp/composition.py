"""Composition: the one place where adapters are chosen and the rooms are given each other."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from hashlib import sha256

from idp.authentication.accounts import Accounts
from idp.authentication.passwords import Passwords
from idp.authentication.sealing import PersonVault
from idp.authentication.sessions import Limits, Sessions
from idp.authentication.sign_in import SignIn
from idp.authentication.throttling import Throttle
from idp.clients.authentication import ClientAuthenticator
from idp.clients.directory import ClientDirectory
from idp.consent.page import ConsentPages
from idp.endpoints.addresses import Addresses
from idp.endpoints.authorization import AuthorizationEndpoint
from idp.endpoints.client_requests import ClientDoor
from idp.endpoints.discovery import DiscoveryEndpoint
from idp.endpoints.end_session import EndSessionEndpoint
from idp.endpoints.introspection import IntrospectionEndpoint
from idp.endpoints.jwks import JwksEndpoint
from idp.endpoints.log import LogEndpoints
from idp.endpoints.par import PushedRequestEndpoint
from idp.endpoints.revocation import RevocationEndpoint
from idp.endpoints.token import TokenEndpoint
from idp.endpoints.userinfo import UserinfoEndpoint
from idp.grants.authorization_code import AuthorizationCodeGrant
from idp.grants.caller import Grant
from idp.grants.client_credentials import ClientCredentialsGrant
from idp.grants.refresh_token import RefreshTokenGrant
from idp.grants.reuse import ReuseAlarm
from idp.interaction.code_maker import CodeMaker
from idp.interaction.cookies import Cookies
from idp.interaction.flow import AuthorizationFlow
from idp.interaction.presence import Presence
from idp.pages.interaction import InteractionPages
from idp.pages.logout import AccountPages, ask, signed_out
from idp.resource.metadata import Fetch, ResourceMetadata
from idp.revocations import RevocationFeed, Revocations
from idp.routes import Endpoints, protocol_routes
from idp.tokens.hints import IdTokenHints
from idp.tokens.issuer import TokenIssuer
from idp.tokens.pairwise import Pairwise
from idp.tokens.verification import AccessTokens
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.envelope import KeyEncryptionKey
from kernel.keys import KeyRing, Purpose
from kernel.ledger.log import Ledger
from kernel.ledger.tiles import Tiles
from kernel.settings import IdpSettings
from kernel.web.routes import Route


@dataclass(frozen=True, slots=True)
class Tools:
    """What everything is made with."""

    database: Database
    keys: KeyRing
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    passwords: Passwords
    fetch: Fetch


class Composition:
    """The provider's parts, each made once, when it is first needed."""

    def __init__(self, settings: IdpSettings, tools: Tools) -> None:
        self._settings, self._tools = settings, tools
        self._issuer, self._database, self._clock = settings.issuer, tools.database, tools.clock

    def routes(self) -> tuple[Route, ...]:
        """Everything that answers."""
        log = LogEndpoints(self._tools.ledger, Tiles(self._database))
        pages = (*self._interaction_pages.routes(), *self._account_pages.routes())
        return (*protocol_routes(self._endpoints()), *log.routes(), *pages)

    def _endpoints(self) -> Endpoints:
        return Endpoints(
            authorization=self._authorization,
            par=self._par,
            token=TokenEndpoint(self._authenticator, self._grants, self._database, self._clock),
            userinfo=UserinfoEndpoint(self._access_tokens, self._accounts, self._database, self._clock),
            introspection=IntrospectionEndpoint(self._door, self._access_tokens, self._database, self._clock),
            revocation=self._revocation,
            end_session=self._end_session,
            jwks=JwksEndpoint(self._tools.keys),
            discovery=DiscoveryEndpoint(Addresses(self._issuer)),
            revocations=self._feed,
        )

    # Clients ----------------------------------------------------------------------------------------------------------

    @cached_property
    def _directory(self) -> ClientDirectory:
        return ClientDirectory(self._database, self._clock)

    @cached_property
    def _authenticator(self) -> ClientAuthenticator:
        return ClientAuthenticator(self._directory, self._issuer, self._clock)

    @cached_property
    def _door(self) -> ClientDoor:
        return ClientDoor(self._authenticator, self._database)

    # People -----------------------------------------------------------------------------------------------------------

    @cached_property
    def _accounts(self) -> Accounts:
        return Accounts(self._database, vault(self._tools.keys))

    @cached_property
    def _sessions(self) -> Sessions:
        hours, minutes = self._settings.session_hours, self._settings.session_idle_minutes
        limits = Limits(idle=timedelta(minutes=minutes), absolute=timedelta(hours=hours))
        return Sessions(self._database, self._tools.ledger, limits, self._clock, self._tools.entropy)

    @cached_property
    def _sign_in(self) -> SignIn:
        throttle = Throttle(self._database, self._clock, derived(self._tools.keys, "throttle"))
        return SignIn(
            database=self._database,
            ledger=self._tools.ledger,
            accounts=self._accounts,
            passwords=self._tools.passwords,
            throttle=throttle,
            sessions=self._sessions,
            clock=self._clock,
            entropy=self._tools.entropy,
        )

    @cached_property
    def _cookies(self) -> Cookies:
        return Cookies(Addresses(self._issuer).https)

    @cached_property
    def _presence(self) -> Presence:
        return Presence(self._database, self._accounts, self._sessions, self._cookies, self._pairwise)

    # Tokens -----------------------------------------------------------------------------------------------------------

    @cached_property
    def _pairwise(self) -> Pairwise:
        return Pairwise(self._tools.keys.secret(Purpose.PAIRWISE))

    @cached_property
    def _resource(self) -> ResourceMetadata:
        return ResourceMetadata(self._settings.exchange_resource, self._tools.fetch, self._clock)

    @cached_property
    def _issuing(self) -> TokenIssuer:
        return TokenIssuer(
            self._issuer,
            self._resource,
            keys=self._tools.keys,
            ledger=self._tools.ledger,
            pairwise=self._pairwise,
            clock=self._clock,
            entropy=self._tools.entropy,
        )

    @cached_property
    def _grants(self) -> tuple[Grant, ...]:
        tokens, accounts = self._issuing, self._accounts
        database, clock, entropy = self._database, self._clock, self._tools.entropy
        alarm = ReuseAlarm(database, self._tools.ledger, clock)
        return (
            AuthorizationCodeGrant(tokens, accounts, alarm, database, clock, entropy),
            RefreshTokenGrant(tokens, accounts, alarm, database, clock, entropy),
            ClientCredentialsGrant(tokens),
        )

    @cached_property
    def _revocations(self) -> Revocations:
        return Revocations(self._database, self._clock)

    @cached_property
    def _access_tokens(self) -> AccessTokens:
        exchange = self._settings.exchange_resource
        return AccessTokens(self._issuer, exchange, self._tools.keys, self._revocations, self._clock)

    @cached_property
    def _revocation(self) -> RevocationEndpoint:
        return RevocationEndpoint(
            self._door, self._access_tokens, self._revocations, self._database, self._tools.ledger, self._clock
        )

    @cached_property
    def _feed(self) -> RevocationFeed:
        exchange = self._settings.exchange_resource
        return RevocationFeed(
            self._revocations, self._issuer, exchange, self._tools.keys, self._clock, self._tools.entropy
        )

    # Authorization ----------------------------------------------------------------------------------------------------

    @cached_property
    def _flow(self) -> AuthorizationFlow:
        return AuthorizationFlow(
            database=self._database,
            ledger=self._tools.ledger,
            directory=self._directory,
            presence=self._presence,
            maker=CodeMaker(self._pairwise, self._clock, self._tools.entropy),
            cookies=self._cookies,
            issuer=self._issuer,
            clock=self._clock,
            entropy=self._tools.entropy,
        )

    @cached_property
    def _hints(self) -> IdTokenHints:
        return IdTokenHints(self._issuer, self._tools.keys)

    @cached_property
    def _authorization(self) -> AuthorizationEndpoint:
        return AuthorizationEndpoint(
            directory=self._directory,
            flow=self._flow,
            hints=self._hints,
            database=self._database,
            clock=self._clock,
            issuer=self._issuer,
            exchange=self._settings.exchange_resource,
        )

    @cached_property
    def _par(self) -> PushedRequestEndpoint:
        exchange = self._settings.exchange_resource
        return PushedRequestEndpoint(
            self._door, self._database, self._clock, self._tools.entropy, self._issuer, exchange
        )

    @cached_property
    def _interaction_pages(self) -> InteractionPages:
        consent = ConsentPages(self._directory, self._resource)
        return InteractionPages(self._flow, self._presence, self._sign_in, consent, self._directory, self._cookies)

    @cached_property
    def _end_session(self) -> EndSessionEndpoint:
        return EndSessionEndpoint(
            directory=self._directory,
            presence=self._presence,
            sessions=self._sessions,
            accounts=self._accounts,
            cookies=self._cookies,
            pairwise=self._pairwise,
            hints=self._hints,
            ask=ask,
            show=signed_out,
        )

    @cached_property
    def _account_pages(self) -> AccountPages:
        return AccountPages(self._presence, self._accounts, self._end_session.confirmed)


def vault(keys: KeyRing) -> PersonVault:
    """The vault of people's sealed data, with every version of the key-encryption key that may still be met."""
    versions = keys.secrets(Purpose.KEK)
    return PersonVault(KeyEncryptionKey(versions, next(iter(versions))), keys.secret(Purpose.INDEX))


def derived(keys: KeyRing, use: str) -> bytes:
    """A key of its own for each further use of the index secret (the same on every node)."""
    return hmac.digest(keys.secret(Purpose.INDEX), f"idp {use} v1".encode(), sha256)
