"""Carrying out commands on grants: decided by ``policies.grants.lifecycle``, recorded and stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from exchange.governance.examination import Examining, Rechecked
from exchange.messages import access_notices
from exchange.proceedings import EXCHANGE, record
from exchange.store import epoch, grants, messages
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from policies.grants.commands import (
    ActivateGrant,
    Command,
    ReactivateGrant,
    ReturnGrant,
    ScheduleGrant,
    SubmitGrant,
    SupersedeGrant,
    allowed,
)
from policies.grants.conditions import MATTER
from policies.grants.events import GrantEvent, GrantState, Status, evolve, facts
from policies.grants.lifecycle import decide
from policies.grants.review import NOTHING_BROKEN
from policies.proceedings import LONGEST_REASON, Moved, NotAllowed, course
from policies.roles import Officer


class GrantMoved(Moved):
    """Somebody else changed the grant, or what was proved was proved of another set; nothing was done."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event of one grant: the state before (None for a new grant), the event, the state after."""

    before: GrantState | None
    event: GrantEvent
    after: GrantState
    under: int | None = None
    """The epoch under which it was proved that this may take effect."""


@dataclass(frozen=True)
class Transitions:
    """Commands on grants. Safe for threads: a grant is changed only under the revision that was read."""

    database: Database
    ledger: Ledger
    clock: Clock
    examining: Examining | None = None

    @property
    def examiner(self) -> Examining:
        """Who examines versions; one of its own where none was given."""
        return self.examining or Examining(self.database)

    def carry_out(
        self,
        command: Command,
        grant: str,
        version: int | None,
        actor: Officer,
        spend: Also,
        seen: int | None = None,
    ) -> GrantState:
        """Do what an officer commands, and return the grant's new state.

        ``version`` None stands for the newest to which this may be done. ``spend`` uses up the caller's proof in the
        same transaction. ``seen`` is the revision that the command was made from, where it replaces what it saw.
        Raises NotAllowed, GrantMoved, LedgerUnavailable.
        """
        with self.database.read() as connection:
            versions = grants.versions(connection, grant)
        state = _chosen(versions, version, command, actor)
        if seen is not None and state is not None and state.revision != seen:
            raise GrantMoved
        steps = self.steps(command, state, actor, versions)
        self.record(steps, actor, spend)
        ref = steps[0].after.grant.ref
        return next(step.after for step in reversed(steps) if step.after.grant.ref == ref)

    def steps(
        self, command: Command, state: GrantState | None, actor: Officer, versions: Sequence[GrantState]
    ) -> tuple[Step, ...]:
        """Everything that follows from a command. Raises NotAllowed."""
        taken = self._taken(command, state, actor)
        after, now = taken[-1].after, self.clock.now()
        if after.status is not Status.APPROVED:
            return taken
        again = self.examiner.again(after.grant, now)
        if now < after.grant.valid_from:  # fully signed, and nothing is taken away before its time
            return (*taken, *self._decided(ScheduleGrant(again.found), after, EXCHANGE, again.epoch))
        return (*taken, *self._in_force(after, versions, again))

    def begin(self, state: GrantState) -> tuple[Step, ...]:
        """What follows when the time of a scheduled version begins: it is examined as if it were new.

        Where it would not do any more, or others would have to sign it today, it goes back to its author. Raises
        NotAllowed where only the clock stands in the way: it says nothing about the grant.
        """
        with self.database.read() as connection:
            versions = grants.versions(connection, state.grant.id)
        again = self.examiner.as_new(state.grant, self.clock.now())
        try:
            return self._in_force(state, versions, again)
        except NotAllowed as refusal:
            if refusal.code == MATTER.clock_went_back().code:
                raise
            reason = f"{refusal.reason.zh} / {refusal.reason.en}"
            return self._decided(ReturnGrant(reason[:LONGEST_REASON]), state, EXCHANGE)

    def _in_force(self, state: GrantState, versions: Sequence[GrantState], again: Rechecked) -> tuple[Step, ...]:
        """It takes effect, and an older version of it ends in the same moment. Raises NotAllowed."""
        replaced = [each for each in versions if _is_replaced(each, state)]
        ended = [self._decided(SupersedeGrant(state.grant.ref), each, EXCHANGE) for each in replaced]
        begun = self._decided(ActivateGrant(again.found), state, EXCHANGE, again.epoch)
        return (*(step for steps in ended for step in steps), *begun)

    def _taken(self, command: Command, state: GrantState | None, actor: Officer) -> tuple[Step, ...]:
        """The command's own steps; what the examiner must say first, it is asked only when nothing else refuses."""
        if isinstance(command, SubmitGrant) and state is not None:
            self._decided(command, state, actor)
            command = SubmitGrant(self.examiner.review(state.grant, self.clock.now()))
        if isinstance(command, ReactivateGrant) and state is not None:
            signed = self._decided(replace(command, found=NOTHING_BROKEN), state, actor)
            if signed[-1].after.status is not Status.ACTIVE:  # one of several signatures: nothing takes effect yet
                return signed
            again = self.examiner.again(state.grant, self.clock.now())
            return self._decided(replace(command, found=again.found), state, actor, again.epoch)
        return self._decided(command, state, actor)

    def _decided(
        self, command: Command, state: GrantState | None, actor: Officer, under: int | None = None
    ) -> tuple[Step, ...]:
        events = decide(command, state, actor, self.clock.now())
        return tuple(Step(*step, under) for step in course(state, events, evolve))

    def record(self, steps: Sequence[Step], actor: Officer, spend: Also, beside: Sequence[Event] = ()) -> None:
        """Append the events and store the states, all or nothing. ``beside`` are entries of what led to these steps.

        Raises GrantMoved, LedgerUnavailable, InvalidEvent.
        """

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            for step in steps:
                _store(connection, step)
            messages.put(connection, access_notices.of_grants(steps))
            if any(step.under not in {None, epoch.read(connection).policies} for step in steps):
                raise GrantMoved
            if moved := [step.after for step in steps if _touches_active_set(step)]:
                grants.mark_force(connection, moved, epoch.advance(connection).policies)

        record(self.ledger, [*beside, *(_entry(step, actor) for step in steps)], also, GrantMoved)


def _chosen(versions: Sequence[GrantState], version: int | None, command: Command, actor: Officer) -> GrantState | None:
    if version is not None:
        return next((state for state in versions if state.grant.version == version), None)
    newest = versions[-1] if versions else None
    open_to = [state for state in versions if type(command) in allowed(state.status, actor.roles)]
    return open_to[-1] if open_to else newest


def _is_replaced(each: GrantState, by: GrantState) -> bool:
    """Whatever stands of the same grant, and what was to begin before it; a newer one still has its time to come."""
    if each.status is Status.SCHEDULED:
        return each.grant.version < by.grant.version
    return each.status in {Status.ACTIVE, Status.SUSPENDED}


def _store(connection: Connection, step: Step) -> None:
    if step.before is None:
        grants.add(connection, step.after)
    elif not grants.change(connection, step.after, was=step.before.revision):
        raise GrantMoved


def _touches_active_set(step: Step) -> bool:
    before = step.before.status if step.before else None
    return (before is Status.ACTIVE) != (step.after.status is Status.ACTIVE)


def _entry(step: Step, actor: Officer) -> Event:
    """The revision makes the entry unique: a grant may be suspended more than once."""
    said: dict[str, JSON] = {
        **facts(step.event),
        "grant": step.after.grant.ref,
        "status": step.after.status.value,
        "organisation": actor.organisation,
    }
    return Event(step.event.name, step.after.grant.ref, str(step.after.revision), said)
