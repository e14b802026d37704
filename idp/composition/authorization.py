"""The rooms of authorization: requests, the pages in between, codes."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from idp.authentication.throttling import Throttle
from idp.composition.clients import ClientRooms
from idp.composition.people import PeopleRooms
from idp.composition.tokens import TokenRooms
from idp.composition.tools import Tools
from idp.consent.events import Decisions
from idp.consent.page import ConsentPages
from idp.consent.withdrawal import ConsentBook
from idp.endpoints.addresses import Addresses
from idp.endpoints.asked import Reader
from idp.endpoints.authorization import AuthorizationEndpoint
from idp.endpoints.authorization_response import AuthorizationAnswers
from idp.endpoints.device_authorization import DeviceAuthorizationEndpoint, UserCodes
from idp.endpoints.par import PushedRequestEndpoint
from idp.interaction.code_maker import CodeMaker
from idp.interaction.flow import AuthorizationFlow
from idp.opening import derived
from idp.pages.consents import ConsentListPages
from idp.pages.device import DevicePages
from idp.pages.form_post import form_post
from idp.pages.interaction import InteractionPages


class AuthorizationRooms:
    """From a request to a code."""

    def __init__(self, tools: Tools, clients: ClientRooms, people: PeopleRooms, tokens: TokenRooms) -> None:
        self._tools, self._clients, self._people, self._tokens = tools, clients, people, tokens
        self._issuer, self._exchange = tools.settings.issuer, tools.settings.exchange_resource

    @cached_property
    def reader(self) -> Reader:
        """Puts requests beside what is registered."""
        clients, tools = self._clients, self._tools
        return Reader(
            clients.directory, clients.keys.of, self._issuer, self._exchange, tools.clock, tools.keys.decryption
        )

    @cached_property
    def answers(self) -> AuthorizationAnswers:
        """How clients are answered."""
        return AuthorizationAnswers(self._issuer, form_post, self._tokens.responses.authorization)

    @cached_property
    def flow(self) -> AuthorizationFlow:
        """Takes a checked request to its answer."""
        tools, people = self._tools, self._people
        return AuthorizationFlow(
            database=tools.database,
            ledger=tools.ledger,
            directory=self._clients.directory,
            presence=people.presence,
            maker=CodeMaker(people.pairwise, self._clients.directory.resource, tools.clock, tools.entropy),
            mandates=people.mandates,
            cookies=people.cookies,
            answers=self.answers,
            clock=tools.clock,
            entropy=tools.entropy,
        )

    @cached_property
    def authorization(self) -> AuthorizationEndpoint:
        """The authorization endpoint."""
        return AuthorizationEndpoint(
            directory=self._clients.directory,
            reader=self.reader,
            flow=self.flow,
            cross_site=self._people.cross_site,
            hints=self._tokens.hints,
            database=self._tools.database,
            clock=self._tools.clock,
        )

    @cached_property
    def par(self) -> PushedRequestEndpoint:
        """The pushed authorization request endpoint."""
        tools = self._tools
        return PushedRequestEndpoint(
            self._clients.door, self.reader, self._clients.possession, tools.database, tools.clock, tools.entropy
        )

    @cached_property
    def user_codes(self) -> UserCodes:
        """How the codes of terminals are kept."""
        return UserCodes(derived(self._tools.keys, "user code"))

    @cached_property
    def device_authorization(self) -> DeviceAuthorizationEndpoint:
        """The device authorization endpoint."""
        tools = self._tools
        return DeviceAuthorizationEndpoint(
            door=self._clients.door,
            reader=self.reader,
            possession=self._clients.possession,
            codes=self.user_codes,
            database=tools.database,
            own=Addresses(self._issuer),
            clock=tools.clock,
            entropy=tools.entropy,
        )

    @cached_property
    def device_pages(self) -> DevicePages:
        """Where people type a terminal's code."""
        tools = self._tools
        throttle = Throttle(tools.database, tools.clock, derived(tools.keys, "throttle"))
        return DevicePages(self.flow, throttle, self.user_codes, tools.database, tools.clock)

    @cached_property
    def consent_list(self) -> ConsentListPages:
        """What a person agreed to, and the way back."""
        tools = self._tools
        book = ConsentBook(tools.database, tools.ledger, self._tokens.revocations, tools.clock, tools.entropy)
        return ConsentListPages(self._people.visitors, book, self._clients.directory)

    @cached_property
    def pages(self) -> InteractionPages:
        """The pages between a request and its answer."""
        people, directory, tools = self._people, self._clients.directory, self._tools
        days = tools.settings.consent_days
        term = timedelta(days=days) if days else None
        return InteractionPages(
            flow=self.flow,
            presence=people.presence,
            proving=people.proving,
            consent=ConsentPages(directory, self._tokens.resource, term, tools.clock),
            decisions=Decisions(tools.clock, tools.entropy),
            directory=directory,
            mandates=people.mandates,
        )
