"""The rooms of signing out: ending sessions here, and telling departments."""

from __future__ import annotations

from functools import cached_property

from idp.authentication.accounts import Accounts
from idp.authentication.expiry import SessionExpiry
from idp.clients.directory import ClientDirectory
from idp.clients.keys import ClientKeys
from idp.clients.reach import Reach
from idp.composition.clients import ClientRooms
from idp.composition.people import PeopleRooms, limits
from idp.composition.tokens import TokenRooms
from idp.composition.tools import Tools
from idp.endpoints.end_session import EndSessionEndpoint
from idp.logout.delivery import LogoutDelivery
from idp.logout.farewell import Farewells
from idp.opening import derived, vault
from idp.pages.logout import AccountPages, ask, signed_out, unseen
from idp.tokens.pairwise import Pairwise
from idp.tokens.signed_responses import SignedResponses
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.keys import KeyRing, Purpose
from kernel.ledger.log import Ledger
from kernel.settings import IdpSettings


def delivery(
    settings: IdpSettings,
    database: Database,
    keys: KeyRing,
    ledger: Ledger,
    clock: Clock,
    entropy: Entropy,
    reach: Reach,
    client_keys: ClientKeys | None = None,
) -> LogoutDelivery:
    """Delivery of logout notices, for a herald of its own or for the endpoint that signs people out.

    ``client_keys``: what is known of clients' published keys, shared with others; otherwise its own.
    """
    directory = ClientDirectory(database, clock)
    recipients = (client_keys or ClientKeys(reach, clock)).recipient
    return LogoutDelivery(
        database=database,
        ledger=ledger,
        directory=directory,
        reach=reach,
        responses=SignedResponses(settings.issuer, keys, directory, clock, recipients),
        pairwise=Pairwise(keys.secret(Purpose.PAIRWISE)),
        reference=Accounts(database, vault(keys)).reference,
        issuer=settings.issuer,
        clock=clock,
        entropy=entropy,
    )


def expiry(settings: IdpSettings, database: Database, keys: KeyRing, ledger: Ledger, clock: Clock) -> SessionExpiry:
    """The end of sessions by their limits, for a sweeper."""
    return SessionExpiry(database, ledger, limits(settings), Accounts(database, vault(keys)).reference, clock)


class SigningOutRooms:
    """Ending sessions."""

    def __init__(self, tools: Tools, clients: ClientRooms, people: PeopleRooms, tokens: TokenRooms) -> None:
        self._tools, self._clients, self._people, self._tokens = tools, clients, people, tokens

    @cached_property
    def delivery(self) -> LogoutDelivery:
        """How departments are told."""
        tools, keys = self._tools, self._clients.keys
        return delivery(
            tools.settings, tools.database, tools.keys, tools.ledger, tools.clock, tools.entropy, tools.reach, keys
        )

    @cached_property
    def farewells(self) -> Farewells:
        """What people are told when they sign out."""
        return Farewells(self.delivery, self._clients.directory, derived(self._tools.keys, "farewell"))

    @cached_property
    def end_session(self) -> EndSessionEndpoint:
        """The end session endpoint."""
        people = self._people
        return EndSessionEndpoint(
            directory=self._clients.directory,
            presence=people.presence,
            sessions=people.sessions,
            accounts=people.accounts,
            cookies=people.cookies,
            cross_site=people.cross_site,
            pairwise=people.pairwise,
            hints=self._tokens.hints,
            farewells=self.farewells,
            ask=ask,
            show=signed_out,
            unseen=unseen,
        )

    @cached_property
    def pages(self) -> AccountPages:
        """The pages of signing out, and the front page."""
        leaving = self.end_session
        return AccountPages(self._people.presence, leaving.confirmed, leaving.status)
