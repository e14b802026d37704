"""The rooms of signing out."""

from __future__ import annotations

from functools import cached_property

from idp.composition.clients import ClientRooms
from idp.composition.people import PeopleRooms
from idp.composition.tokens import TokenRooms
from idp.endpoints.end_session import EndSessionEndpoint
from idp.pages.logout import AccountPages, ask, signed_out


class SigningOutRooms:
    """Ending sessions."""

    def __init__(self, clients: ClientRooms, people: PeopleRooms, tokens: TokenRooms) -> None:
        self._clients, self._people, self._tokens = clients, people, tokens

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
            pairwise=people.pairwise,
            hints=self._tokens.hints,
            ask=ask,
            show=signed_out,
        )

    @cached_property
    def pages(self) -> AccountPages:
        """The pages of signing out, and the front page."""
        return AccountPages(self._people.presence, self._people.accounts, self.end_session.confirmed)
