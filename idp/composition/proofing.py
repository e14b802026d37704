"""The rooms of proofing: accounts people make for themselves, and how their level is raised."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property

from idp.askings import SealedNames
from idp.composition.account import AccountRooms
from idp.composition.people import PeopleRooms
from idp.composition.tokens import TokenRooms
from idp.composition.tools import Tools
from idp.federation.alarm import CredentialsAlarm
from idp.federation.configuration import upstreams
from idp.federation.visits import Visits
from idp.federation.witnesses import Witnesses
from idp.notices import Channels, Notices
from idp.opening import derived, vault
from idp.pages.account.addresses import UPSTREAM
from idp.pages.account.agents import AgentPages
from idp.pages.account.door import AccountDoor
from idp.pages.account.identity import IdentityPages
from idp.pages.account.representations import RepresentationPages
from idp.pages.account.upstream import UpstreamPages
from idp.pages.recovery import RecoveryPages
from idp.pages.signing_up import SigningUpPages
from idp.proofing.agents import Agents
from idp.proofing.identity import Identities
from idp.proofing.recovery import Recoveries
from idp.proofing.recovery_asking import RecoveryDoor
from idp.proofing.recovery_clerk import RecoveryClerk
from idp.proofing.registration import Registrations
from idp.proofing.representation import Representations
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.keys import KeyRing
from kernel.ledger.log import Ledger
from kernel.settings import IdpSettings
from kernel.web.routes import Route


def recovery_clerk(
    settings: IdpSettings, database: Database, keys: KeyRing, ledger: Ledger, clock: Clock, entropy: Entropy
) -> RecoveryClerk:
    """Who looks whom askings for a recovery name, for a herald of its own."""
    return RecoveryClerk(
        database=database,
        ledger=ledger,
        notices=Notices(vault(keys), Channels(vault(keys), clock, entropy), clock, entropy),
        issuer=settings.issuer,
        delay=timedelta(hours=settings.recovery_delay_hours),
        clock=clock,
        entropy=entropy,
        names=_names(keys),
    )


def _names(keys: KeyRing) -> SealedNames:
    return SealedNames(derived(keys, "recovery asking"), "recovery_asking")


class ProofingRooms:
    """From a stranger to somebody known."""

    def __init__(self, tools: Tools, people: PeopleRooms, account: AccountRooms, tokens: TokenRooms) -> None:
        self._tools, self._people, self._account, self._tokens = tools, people, account, tokens

    @cached_property
    def registrations(self) -> Registrations:
        """People's own accounts."""
        tools, people = self._tools, self._people
        return Registrations(
            database=tools.database,
            ledger=tools.ledger,
            vault=people.accounts.vault,
            passwords=tools.passwords,
            sent_codes=people.sent_codes,
            throttle=people.sign_in.throttle,
            clock=tools.clock,
            entropy=tools.entropy,
        )

    @cached_property
    def identities(self) -> Identities:
        """How a level is raised."""
        tools, people = self._tools, self._people
        return Identities(
            tools.database, self._account.changes, people.accounts.vault, tools.verifier, people.sign_in.throttle
        )

    @cached_property
    def recoveries(self) -> Recoveries:
        """The way back."""
        tools, people = self._tools, self._people
        return Recoveries(
            database=tools.database,
            ledger=tools.ledger,
            accounts=people.accounts,
            notices=people.notices,
            passwords=tools.passwords,
            throttle=people.sign_in.throttle,
            clock=tools.clock,
            entropy=tools.entropy,
        )

    @cached_property
    def recovery_door(self) -> RecoveryDoor:
        """Where the way back is asked for."""
        tools, names = self._tools, _names(self._tools.keys)
        return RecoveryDoor(tools.ledger, self._people.sign_in.throttle, tools.clock, tools.entropy, names)

    @cached_property
    def witnesses(self) -> Witnesses:
        """Other providers that vouch for people. Raises ValueError for a file of them that cannot be read."""
        tools = self._tools
        visits = Visits(tools.database, tools.clock, tools.entropy, derived(tools.keys, "upstream visit"))
        base = f"{tools.settings.issuer}{UPSTREAM}"
        named = upstreams(tools.settings.upstreams).values()
        return Witnesses.of(
            named,
            visits,
            CredentialsAlarm(tools.metrics),
            lambda name: f"{base}/{name}",
            tools.keys.signing,
            tools.clock,
            tools.entropy,
        )

    @cached_property
    def representations(self) -> Representations:
        """For whom people act."""
        people, tools = self._people, self._tools
        return Representations(
            people.mandates, self._account.changes, tools.business, people.sign_in.throttle, self._tokens.revocations
        )

    @cached_property
    def agents(self) -> Agents:
        """Agents of the entities they represent."""
        people, tokens = self._people, self._tokens
        return Agents(people.mandates, self._account.changes, tokens.resource, tokens.revocations)

    def routes(self) -> tuple[Route, ...]:
        """The pages."""
        door = AccountDoor(self._people.visitors)
        identity = IdentityPages(door, self.identities, self.witnesses)
        return (
            *SigningUpPages(self.registrations).routes(),
            *identity.routes(),
            *UpstreamPages(door, self.witnesses, self.identities, identity).routes(),
            *RepresentationPages(door, self.representations, self.agents).routes(),
            *AgentPages(door, self.agents).routes(),
            *RecoveryPages(self.recovery_door, self.recoveries, self._people.cookies).routes(),
        )
