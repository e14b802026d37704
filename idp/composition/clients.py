"""The rooms of clients: who is registered, and how they prove who they are."""

from __future__ import annotations

from functools import cached_property

from idp.clients.authentication import ClientAuthenticator
from idp.clients.directory import ClientDirectory
from idp.composition.tools import Tools
from idp.endpoints.client_requests import ClientDoor


class ClientRooms:
    """Directory and authentication of clients."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    @cached_property
    def directory(self) -> ClientDirectory:
        """Every registered client."""
        return ClientDirectory(self._tools.database, self._tools.clock)

    @cached_property
    def authenticator(self) -> ClientAuthenticator:
        """How clients prove who they are."""
        return ClientAuthenticator(self.directory, self._tools.settings.issuer, self._tools.clock)

    @cached_property
    def door(self) -> ClientDoor:
        """Authentication that uses up what it is shown."""
        return ClientDoor(self.authenticator, self._tools.database)
