"""The rooms of self-service: people look after their own account."""

from __future__ import annotations

from functools import cached_property

from idp.authentication.own_account import OwnChanges
from idp.authentication.own_authenticators import OwnAuthenticators
from idp.authentication.own_channels import OwnChannels
from idp.authentication.own_password import OwnPassword
from idp.authentication.own_sessions import OwnSessions
from idp.authentication.own_user_code import OwnUserCode
from idp.composition.people import PeopleRooms
from idp.composition.tools import Tools
from idp.pages.account.channels import ChannelPages
from idp.pages.account.codes import CodePages
from idp.pages.account.door import AccountDoor
from idp.pages.account.overview import OverviewPages
from idp.pages.account.passkeys import PasskeyPages
from idp.pages.account.password import PasswordPages
from idp.pages.account.user_code import UserCodePages
from kernel.web.routes import Route


class AccountRooms:
    """Everything under /account that is about signing in."""

    def __init__(self, tools: Tools, people: PeopleRooms) -> None:
        self._tools, self._people = tools, people

    @cached_property
    def changes(self) -> OwnChanges:
        """How a change is made."""
        tools, presence = self._tools, self._people.presence
        return OwnChanges(
            tools.database,
            tools.ledger,
            self._people.notices,
            tools.clock,
            tools.entropy,
            presence.staff_need_passkeys,
        )

    @cached_property
    def authenticators(self) -> OwnAuthenticators:
        """People's own authenticators."""
        tools, people = self._tools, self._people
        return OwnAuthenticators(
            database=tools.database,
            changes=self.changes,
            passkeys=people.passkeys,
            recovery_codes=people.recovery_codes,
            vault=people.accounts.vault,
            clock=tools.clock,
            entropy=tools.entropy,
        )

    @cached_property
    def channels(self) -> OwnChannels:
        """How people are reached."""
        people = self._people
        return OwnChannels(
            self._tools.database,
            self.changes,
            people.channels,
            people.sent_codes,
            people.sign_in.throttle,
            people.known_devices,
        )

    def routes(self) -> tuple[Route, ...]:
        """The pages."""
        people, tools, door = self._people, self._tools, AccountDoor(self._people.visitors)
        throttle, known = people.sign_in.throttle, people.known_devices
        password = OwnPassword(tools.database, self.changes, tools.passwords, throttle, known)
        sessions = OwnSessions(tools.database, people.sessions, known)
        user_code = OwnUserCode(tools.database, self.changes, tools.passwords, throttle)
        overview = OverviewPages(
            door, people.passkeys, people.recovery_codes, user_code, self.channels, sessions, people.proving
        )
        return (
            *overview.routes(),
            *PasskeyPages(door, self.authenticators, people.cookies).routes(),
            *CodePages(door, self.authenticators).routes(),
            *PasswordPages(door, password, people.proving).routes(),
            *UserCodePages(door, user_code).routes(),
            *ChannelPages(door, self.channels, people.proving).routes(),
        )
