"""What becomes of a request by the back channel: whom it names is looked up here, and the person is told.

A request that names nobody waits like any other until it expires. Somebody who chose a user code is asked only where
they told it: other requests are neither shown nor announced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import Connection

from idp.askings import AT_ONCE, Rounds, SealedNames, TakenAlready
from idp.authentication.accounts import Accounts
from idp.authentication.told import ASKED_ELSEWHERE
from idp.clients.directory import ClientDirectory
from idp.model.asking import Asking
from idp.model.client import Client
from idp.model.person import Person
from idp.notices import Notices
from idp.store import backchannel_requests, people
from idp.store.askings import BACKCHANNEL
from idp.tokens.pairwise import Pairwise
from kernel import canonical
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger


class Outcome(StrEnum):
    """What became of a request."""

    ASKED = "asked"
    NOBODY = "nobody"
    CODE_WANTED = "code-wanted"
    """The person is asked only where they told their user code, and the client does not take one."""
    CLIENT_GONE = "client-gone"
    GIVEN_UP = "given-up"
    """It could not be looked at."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Whom a request means, and what the client is to be pinged with."""

    outcome: Outcome
    client: Client | None = None
    person: Person | None = None
    ping: JSON = None


@dataclass(frozen=True, slots=True)
class BackchannelClerk:
    """Looks whom requests name, and tells them. ``page`` is where people find what they are asked."""

    database: Database
    ledger: Ledger
    accounts: Accounts
    directory: ClientDirectory
    pairwise: Pairwise
    notices: Notices
    names: SealedNames
    page: str
    clock: Clock
    entropy: Entropy

    @property
    def at_once(self) -> int:
        """How many a round looks at."""
        return AT_ONCE

    def round(self) -> int:
        """Look at what waits; how many were looked at. Raises DatabaseUnavailable, LedgerUnavailable."""
        return self._rounds.each(self._take, self._give_up)

    def close(self) -> None:
        """Nothing is kept open between two rounds."""

    @property
    def _rounds(self) -> Rounds:
        return Rounds(self.database, BACKCHANNEL, self.ledger, self.clock)

    def _take(self, asking: Asking) -> None:
        with self.database.read() as connection:
            found = self._found(connection, asking)

        def change(connection: Connection) -> None:
            if self._found(connection, asking) != found:
                raise TakenAlready
            if found.client is not None and found.person is not None:
                self._tell(connection, asking, found.client, found.person, found.ping)

        self._rounds.settle(asking, self._entry(asking, found), change)

    def _give_up(self, asking: Asking) -> None:
        self._rounds.settle(asking, self._entry(asking, _Found(Outcome.GIVEN_UP)))

    def _found(self, connection: Connection, asking: Asking) -> _Found:
        name, beside = self.names.open(asking)
        said = canonical.decode(beside)
        assert isinstance(said, dict)  # our own encoding, authenticated by the seal
        client = self.directory.enabled(str(said["client"]))
        found = people.by_username(connection, name)
        if client is None:
            return _Found(Outcome.CLIENT_GONE)
        if found is None or found[0].disabled:
            return _Found(Outcome.NOBODY)
        if found[1].user_code_hash is not None and said["told_code"] is not True:
            return _Found(Outcome.CODE_WANTED)
        return _Found(Outcome.ASKED, client, found[0], said["ping"])

    def _tell(self, connection: Connection, asking: Asking, client: Client, person: Person, ping: JSON) -> None:
        """The request is the person's from now on; what the client is pinged with is sealed under the person's key."""
        asked = backchannel_requests.find(connection, asking.id)
        request = replace(asked.request, expected_sub=self.pairwise.subject(person.id, client.organisation))
        sealed = None
        if ping is not None:
            wrapped, place = people.data_key(connection, person.id), ping_place(asking.id)
            sealed = self.accounts.vault.seal_more(person.id, wrapped, canonical.encode(ping), place)
        backchannel_requests.mean(connection, replace(asked, person=person.id, request=request, ping=sealed))
        department = self.directory.organisation(client.organisation).name
        self.notices.send(
            connection, person.id, ASKED_ELSEWHERE, department=department, application=client.name, page=self.page
        )

    def _entry(self, asking: Asking, found: _Found) -> Event:
        person = found.person
        facts: dict[str, JSON] = {
            "request": asking.id,
            "person": None if person is None else person.id,
            "outcome": found.outcome.value,
            "actor": "provider",
        }
        reference = None if person is None else self.accounts.reference(person.id)
        identity = new_id("cib", self.clock, self.entropy)
        return Event("BackchannelRequestTakenUp", identity, facts=facts, subject=reference)


def ping_place(identity: str) -> str:
    """Which row a sealed ping belongs to."""
    return f"ping {identity}"
