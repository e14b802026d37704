"""The rooms of administration: registers, four eyes, and the desks that ask for the right first."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from idp.administration.client_desk import ClientDesk
from idp.administration.client_desk import kinds as kinds_of_clients
from idp.administration.client_register import ClientRegister
from idp.administration.enrolments import Enrolments
from idp.administration.event_desk import EventDesk
from idp.administration.first_reading import FirstReadings
from idp.administration.key_desk import KeyDesk
from idp.administration.key_desk import kinds as kinds_of_keys
from idp.administration.people_desk import PeopleDesk
from idp.administration.people_desk import kinds as kinds_of_people
from idp.administration.person_register import PersonRegister
from idp.administration.proposals import Proposals
from idp.administration.records import Records
from idp.administration.resource_desk import ResourceDesk
from idp.administration.resource_register import ResourceRegister
from idp.administration.second_reading import SecondReadings
from idp.administration.window_desk import WindowDesk
from idp.administration.window_desk import kinds as kinds_of_windows
from idp.administration.window_recovery import kinds as kinds_of_recoveries
from idp.composition.clients import ClientRooms
from idp.composition.people import PeopleRooms
from idp.composition.tokens import TokenRooms
from idp.composition.tools import Tools
from idp.endpoints.administration.access import AdminAccess
from idp.endpoints.administration.api import AdministrationApi
from idp.endpoints.administration.routes import routes as api_routes
from idp.notices import Channels
from idp.opening import derived, tls_offer, vault
from idp.pages.administration.clients import ClientAdministration
from idp.pages.administration.departments import DepartmentAdministration
from idp.pages.administration.door import AdminDoor
from idp.pages.administration.invitations import InvitationAdministration
from idp.pages.administration.people import PeopleAdministration
from idp.pages.administration.provider import ProviderAdministration
from idp.pages.administration.resources import ResourceAdministration
from idp.pages.administration.window import WindowAdministration
from idp.pages.enrolment import EnrolmentPages
from kernel.keys import Custody
from kernel.web.routes import Route


class AdministrationRooms:
    """What administrators do, whichever door they come by."""

    def __init__(self, tools: Tools, clients: ClientRooms, people: PeopleRooms, tokens: TokenRooms) -> None:
        self._tools, self._clients, self._people, self._tokens = tools, clients, people, tokens
        self._records = Records(tools.ledger, tools.clock, tools.entropy)
        self._custody = Custody(tools.keys, tools.ledger)

    @cached_property
    def people_register(self) -> PersonRegister:
        """Accounts."""
        tools = self._tools
        sealing = vault(tools.keys)
        channels = Channels(sealing, tools.clock, tools.entropy)
        return PersonRegister(
            tools.database, self._records, sealing, tools.passwords, channels, tools.clock, tools.entropy
        )

    @cached_property
    def enrolments(self) -> Enrolments:
        """One-time links."""
        tools = self._tools
        return Enrolments(
            database=tools.database,
            records=self._records,
            register=self.people_register,
            lasting=timedelta(minutes=tools.settings.enrolment_minutes),
            clock=tools.clock,
            entropy=tools.entropy,
            key=derived(tools.keys, "enrolment"),
        )

    @cached_property
    def proposals(self) -> Proposals:
        """Four eyes."""
        tools = self._tools
        kinds = {
            **kinds_of_people(self.people_register, self.enrolments),
            **kinds_of_keys(self._custody),
            **kinds_of_clients(self.client_register),
            **kinds_of_windows(self.people_register, self._people.notices),
            **kinds_of_recoveries(self.people_register, self._people.notices, tools.settings.issuer),
        }
        return Proposals(tools.database, self._records, tools.clock, tools.entropy, kinds, self.readings)

    @cached_property
    def readings(self) -> SecondReadings:
        """What a second clerk reads."""
        return SecondReadings(self.people_register, self._people.sign_in.throttle)

    @cached_property
    def clients(self) -> ClientDesk:
        """Clients and departments."""
        return ClientDesk(self.client_register, self.proposals)

    @cached_property
    def client_register(self) -> ClientRegister:
        """Registrations."""
        tools = self._tools
        return ClientRegister(
            tools.database, self._records, tools.clock, tools.entropy, tools.keys.algorithms, tls_offer(tools.settings)
        )

    @cached_property
    def resources(self) -> ResourceDesk:
        """Whom access tokens may be for."""
        return ResourceDesk(ResourceRegister(self._tools.database, self._records, self._tools.clock))

    @cached_property
    def people(self) -> PeopleDesk:
        """People."""
        return PeopleDesk(self.people_register, self.enrolments, self.proposals, self._people.mandates)

    @cached_property
    def window(self) -> WindowDesk:
        """Clerks."""
        return WindowDesk(
            self.people_register,
            self.proposals,
            FirstReadings(self.people_register, self._people.sign_in.throttle),
        )

    @cached_property
    def keys(self) -> KeyDesk:
        """Signing keys."""
        return KeyDesk(self._custody, self._records, self.proposals)

    @cached_property
    def events(self) -> EventDesk:
        """The ledger's entries."""
        return EventDesk(self._tools.ledger)

    def api(self) -> tuple[Route, ...]:
        """What administrators' programs call."""
        tools = self._tools
        access = AdminAccess(
            self._tokens.access_tokens, self._people.accounts, self._clients.possession, tools.database
        )
        api = AdministrationApi(
            self.clients,
            self.resources,
            self.people,
            self.window,
            self.keys,
            self.events,
            self.proposals,
            tools.settings,
        )
        return api_routes(api, access)

    def pages(self) -> tuple[Route, ...]:
        """What administrators look at, and where a one-time link leads."""
        door, settings = AdminDoor(self._people.visitors), self._tools.settings
        provider = ProviderAdministration(door, self.people, self.keys, self.events, self.proposals, settings)
        return (
            *self.enrolment_pages.routes(),
            *provider.routes(),
            *ClientAdministration(door, self.clients).routes(),
            *InvitationAdministration(door, self.clients).routes(),
            *ResourceAdministration(door, self.resources).routes(),
            *DepartmentAdministration(door, self.clients).routes(),
            *WindowAdministration(door, self.window).routes(),
            *PeopleAdministration(door, self.people, settings).routes(),
        )

    @cached_property
    def enrolment_pages(self) -> EnrolmentPages:
        """Where a link leads."""
        return EnrolmentPages(self.enrolments, self._tools.settings.issuer)
