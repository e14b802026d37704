"""The rooms of people: accounts, signing in, sessions."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from idp.authentication.accounts import Accounts
from idp.authentication.devices import KnownDevices
from idp.authentication.passkeys import Passkeys
from idp.authentication.recovery_codes import RecoveryCodes
from idp.authentication.sent_codes import SentCodes
from idp.authentication.sessions import Limits, Sessions
from idp.authentication.sign_in import SignIn
from idp.authentication.throttling import Throttle
from idp.authentication.webauthn_ceremonies import Ceremonies
from idp.composition.tools import Tools
from idp.endpoints.addresses import Addresses
from idp.interaction.cookies import Cookies
from idp.interaction.cross_site import CrossSitePosts
from idp.interaction.presence import Presence
from idp.interaction.visitor import Visitors
from idp.notices import Channels, Notices
from idp.opening import derived, vault
from idp.pages.form_post import sent_on
from idp.pages.own_sign_in import OwnSignInPages
from idp.pages.proving import Proving
from idp.proofing.watch import RegisterWatch
from idp.tokens.mandates import Mandates
from idp.tokens.pairwise import Pairwise
from kernel.keys import Purpose
from kernel.settings import IdpSettings


def limits(settings: IdpSettings) -> Limits:
    """How long sessions last here."""
    return Limits(timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours))


class PeopleRooms:
    """Accounts and how their owners sign in."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @cached_property
    def accounts(self) -> Accounts:
        """Every account."""
        return Accounts(self._tools.database, vault(self._tools.keys))

    @cached_property
    def mandates(self) -> Mandates:
        """For whom people may act."""
        tools = self._tools
        every = timedelta(minutes=tools.settings.business_recheck_minutes)
        watch = RegisterWatch(
            tools.database, tools.ledger, self.accounts, self.notices, tools.business, every, tools.clock, tools.entropy
        )
        return Mandates(tools.database, self.accounts.vault, watch.confirm, tools.clock)

    @cached_property
    def channels(self) -> Channels:
        """How people are reached."""
        return Channels(self.accounts.vault, self._tools.clock, self._tools.entropy)

    @cached_property
    def notices(self) -> Notices:
        """What people are told."""
        return Notices(self.accounts.vault, self.channels, self._tools.clock, self._tools.entropy)

    @cached_property
    def sessions(self) -> Sessions:
        """Web sessions."""
        tools = self._tools
        return Sessions(tools.database, tools.ledger, limits(tools.settings), tools.clock, tools.entropy)

    @cached_property
    def sign_in(self) -> SignIn:
        """The steps of signing in."""
        tools = self._tools
        return SignIn(
            database=tools.database,
            ledger=tools.ledger,
            accounts=self.accounts,
            passwords=tools.passwords,
            passkeys=self.passkeys,
            recovery_codes=self.recovery_codes,
            sent_codes=self.sent_codes,
            notices=self.notices,
            throttle=Throttle(tools.database, tools.clock, derived(tools.keys, "throttle")),
            known_devices=self.known_devices,
            sessions=self.sessions,
            clock=tools.clock,
            entropy=tools.entropy,
        )

    @cached_property
    def known_devices(self) -> KnownDevices:
        """The devices people signed in on before."""
        return KnownDevices(self._tools.database, self._tools.clock)

    @cached_property
    def passkeys(self) -> Passkeys:
        """Passkeys."""
        tools, ceremonies = self._tools, Ceremonies(self._tools.settings.issuer)
        return Passkeys(
            tools.database, tools.ledger, self.accounts, self.notices, ceremonies, tools.clock, tools.entropy
        )

    @cached_property
    def recovery_codes(self) -> RecoveryCodes:
        """Recovery codes."""
        tools, key = self._tools, derived(self._tools.keys, "recovery code")
        return RecoveryCodes(tools.database, self.notices, tools.clock, tools.entropy, key)

    @cached_property
    def sent_codes(self) -> SentCodes:
        """Codes sent to telephones and mailboxes."""
        tools, key = self._tools, derived(self._tools.keys, "sent code")
        return SentCodes(tools.database, self.notices, tools.clock, tools.entropy, key)

    @cached_property
    def proving(self) -> Proving:
        """The steps by which people prove who they are."""
        return Proving(self.presence, self.sign_in, self.passkeys, self.sent_codes, self.cookies)

    @cached_property
    def cookies(self) -> Cookies:
        """The provider's cookies."""
        return Cookies(Addresses(self._tools.settings.issuer).https)

    @cached_property
    def cross_site(self) -> CrossSitePosts:
        """Requests that come from other sites, without cookies."""
        return CrossSitePosts(self.cookies, sent_on)

    @cached_property
    def pairwise(self) -> Pairwise:
        """How each organisation knows a person."""
        return Pairwise(self._tools.keys.secret(Purpose.PAIRWISE))

    @cached_property
    def visitors(self) -> Visitors:
        """Who is at the provider's own pages."""
        return Visitors(self.presence, self._tools.clock)

    @cached_property
    def own_sign_in(self) -> OwnSignInPages:
        """Signing in where no client sent the browser."""
        return OwnSignInPages(self.visitors, self.proving)

    @cached_property
    def presence(self) -> Presence:
        """Who is signed in in a browser."""
        tools, required = self._tools, self._tools.settings.staff_passkey == "required"
        return Presence(
            tools.database, self.accounts, self.sessions, self.cookies, self.pairwise, tools.clock, required
        )
