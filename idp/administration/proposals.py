"""Four eyes: who proposes a sensitive change never confirms it, and who confirms is bound to what they saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection

from idp.administration.acts import Act, ShownOnce
from idp.administration.errors import AdministrationError, NoSuchThing
from idp.administration.records import Records
from idp.administration.rights import Actor, Command, NotPermitted, Reach, deciding, permit_somewhere, reach
from idp.administration.second_reading import NOTHING_READ, Reading, SecondReadings
from idp.model.proposal import Outcome, Proposal
from idp.store import people, proposals
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.ids import new_id

LASTS = timedelta(hours=72)
"""Long enough for a weekend; what nobody confirms lapses."""

Prepare = Callable[[Proposal], Act]


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """Some proposals, and before which one the page after this one begins (None where there are no older ones)."""

    entries: tuple[Proposal, ...]
    before: str | None


@dataclass(frozen=True, slots=True)
class Proposals:
    """Proposes, shows, decides. ``kinds``: how each command that takes two persons is carried out.

    ``readings``: what a second clerk reads on the document before a confirmation counts.
    """

    database: Database
    records: Records
    clock: Clock
    entropy: Entropy
    kinds: Mapping[Command, Prepare]
    readings: SecondReadings

    def propose(
        self,
        actor: Actor,
        command: Command,
        facts: Mapping[str, JSON],
        also: Callable[[Connection], None] | None = None,
    ) -> Proposal:
        """Put a change before a second person; ``also`` is kept with it.

        The caller has checked that the actor may do it at all.
        """
        now = self.clock.now()
        made = Proposal(new_id("prp", self.clock, self.entropy), command.value, facts, actor.person, now, now + LASTS)
        self.kinds[command](made)  # what could not be carried out is not proposed either

        def change(connection: Connection) -> None:
            proposals.add(connection, made)
            if also is not None:
                also(connection)

        told = {"proposal": made.id, "digest": made.digest, **facts}
        self.records.of(actor.person, command.value).make("ChangeProposed", told, change)
        return made

    def page(self, actor: Actor, before: str = "") -> ProposalPage:
        """The newest proposals within reach; those one made oneself always are. Raises NotPermitted, NoSuchThing.

        ``before``: those older than this one. Without it, what waits for the actor's decision comes first, however many
        of other kinds are newer.
        """
        _may_look(actor)
        mark = self.show(actor, before) if before else None
        seen = [command.value for command in Command if _may_see(actor, command)]
        decided = [command.value for command in Command if reach(actor.roles, deciding(command)) is not None]
        now = self.clock.now()
        with self.database.read() as connection:
            listed, more = proposals.newest(connection, seen, actor.person, mark)
            waiting = [] if mark else proposals.waiting(connection, decided, actor.person, now - LASTS, now)
        first = [each for each in waiting if self.may_decide(actor, each)]
        entries = [*first, *(each for each in listed if each not in first)]
        return ProposalPage(tuple(entries), listed[-1].id if more else None)

    def may_decide(self, actor: Actor, found: Proposal) -> bool:
        """Whether to offer a decision: open, within the office, and about neither the actor nor their own proposal."""
        inside = reach(actor.roles, deciding(Command(found.command))) is not None
        return found.outcome is None and inside and actor.person not in (found.proposed_by, found.facts.get("person"))

    def show(self, actor: Actor, proposal_id: str) -> Proposal:
        """One proposal. Raises NotPermitted, AdministrationError."""
        _may_look(actor)
        with self.database.read() as connection:
            found = proposals.find(connection, proposal_id)
        if found is None or not (found.proposed_by == actor.person or _may_see(actor, Command(found.command))):
            raise NoSuchThing("没有这项提议", "there is no such proposal")
        return found

    def decline(self, actor: Actor, proposal_id: str, digest: str) -> None:
        """Say no. Raises NotPermitted, AdministrationError."""
        found = self._decidable(actor, proposal_id)
        self._records(actor, found).make(
            "ChangeDeclined", {"proposal": found.id}, self._deciding(found, digest, actor, Outcome.DECLINED)
        )

    def confirm(self, actor: Actor, proposal_id: str, digest: str, read: Reading = NOTHING_READ) -> ShownOnce | None:
        """Carry it out, in the transaction that notes the decision; what is shown once, if anything is.

        Raises NotPermitted for the proposer, for whom it is about, and when the proposer no longer holds the office;
        AdministrationError for what was decided, lapsed, or is no longer what was seen, and for another reading.
        """
        found = self._decidable(actor, proposal_id)
        compared = self.readings.compare(actor, found, read)
        act = self.kinds[Command(found.command)](found)
        deciding = self._deciding(found, digest, actor, Outcome.CONFIRMED)

        def change(connection: Connection) -> None:
            deciding(connection)
            self._proposer_still_may(connection, found, act)
            act.change(connection)

        facts = {**act.facts, **compared, "proposal": found.id, "proposed_by": found.proposed_by}
        self._records(actor, found).make_all([(replace(act, facts=facts, change=change), None)])
        return act.afterwards()

    def _records(self, actor: Actor, found: Proposal) -> Records:
        return self.records.of(actor.person, deciding(Command(found.command)).value)

    def _decidable(self, actor: Actor, proposal_id: str) -> Proposal:
        found = self.show(actor, proposal_id)
        permit_somewhere(actor, deciding(Command(found.command)))
        if actor.person in (found.proposed_by, found.facts.get("person")):
            raise NotPermitted
        return found

    def _deciding(self, found: Proposal, digest: str, actor: Actor, outcome: Outcome) -> Callable[[Connection], None]:
        now = self.clock.now()

        def decide(connection: Connection) -> None:
            if not proposals.decide(connection, found.id, digest, actor.person, outcome, now):
                raise AdministrationError(
                    "这项提议已有结论、已失效，或与您看到的不同",
                    "this proposal was decided, has lapsed, or is not what you saw",
                )

        return decide

    def _proposer_still_may(self, connection: Connection, found: Proposal, act: Act) -> None:
        """M1: the right is looked at again when it is used, not only when it was claimed."""
        proposer = people.find(connection, found.proposed_by)
        if proposer is None or proposer.disabled:
            raise NotPermitted
        far = reach(proposer.roles, Command(found.command))
        own = far is Reach.OWN and act.within is not None and act.within == proposer.organisation
        if far is not Reach.EVERYWHERE and not own:
            raise NotPermitted


def _may_look(actor: Actor) -> None:
    if reach(actor.roles, Command.SEE_PROPOSALS) is None and not any(_may_see(actor, each) for each in Command):
        raise NotPermitted


def _may_see(actor: Actor, command: Command) -> bool:
    """Administrators of the whole see every proposal; whoever decides on a kind sees that kind."""
    return any(reach(actor.roles, each) is Reach.EVERYWHERE for each in (Command.SEE_PROPOSALS, deciding(command)))
