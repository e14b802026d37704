"""Challenging uses and carrying out commands on challenges: decided purely, recorded and stored in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from exchange.clocks.limits import TimeLimits
from exchange.messages import notices
from exchange.particulars import Particulars, kept
from exchange.proceedings import record
from exchange.store import challenges, messages
from exchange.store.challenges import Opener
from exchange.store.histories import Happened
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.ledger.batch import Also
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.receipt import Receipt
from policies.challenges.commands import Command
from policies.challenges.document import facts
from policies.challenges.events import ChallengeEvent, ChallengeState, Use, evolve
from policies.challenges.lifecycle import USUAL_DAYS, challenged, decide, next_due
from policies.clocks.profile import Stage
from policies.proceedings import Moved
from policies.roles import Officer

PERSON = "person"
"""How the log names whoever challenges a use of their own data."""


class ChallengeMoved(Moved):
    """A challenge has changed before it was written, or its entry was challenged meanwhile."""


@dataclass(frozen=True)
class ChallengeTransitions(TimeLimits):
    """Challenges changing. Safe for threads: one is changed only under the revision that was read."""

    database: Database
    ledger: Ledger
    clock: Clock

    def days(self, connection: Connection, organisation: str) -> int:
        """Working days that a department has for an answer."""
        return self.working_days(connection, organisation, Stage.CHALLENGE, usual=USUAL_DAYS)

    def open(self, challenge: str, use: Use, said: Particulars, index: bytes, spend: Also) -> ChallengeState:
        """Challenge a use, by whoever has this blind ``index``. Raises ChallengeMoved, LedgerUnavailable."""
        event = challenged(challenge, use, PERSON, self.clock.now())
        after = evolve(None, event)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            if challenges.of_entry(connection, use.entry, index) is not None:
                raise ChallengeMoved
            due = next_due(after, self.calendar(connection))
            challenges.add(connection, after, Opener(index, receipts[0].index), due)
            _note(connection, event, after)

        record(self.ledger, [_entry(event, after, said, new=True)], also, ChallengeMoved)
        return after

    def carry_out(
        self, command: Command, state: ChallengeState, opener: Opener, actor: Officer, spend: Also
    ) -> ChallengeState:
        """Do what an officer commands, and return the new state.

        ``spend`` uses up the caller's proof in the same transaction. Raises NotAllowed, ChallengeMoved,
        LedgerUnavailable, InvalidEvent.
        """
        event = decide(command, state, actor, self.clock.now())
        after = evolve(state, event)

        def also(connection: Connection, receipts: Sequence[Receipt]) -> None:
            spend(connection, receipts)
            due = next_due(after, self.calendar(connection))
            if not challenges.change(connection, after, due, was=state.revision):
                raise ChallengeMoved
            _note(connection, event, after)

        record(self.ledger, [_entry(event, after, self.said(opener))], also, ChallengeMoved)
        return after

    def said(self, opener: Opener) -> Particulars | None:
        """What was said with a challenge, and by whom; None once that person's data were erased."""
        return kept(self.ledger, opener.said)


def _note(connection: Connection, event: ChallengeEvent, after: ChallengeState) -> None:
    challenges.note(connection, after.id, Happened(after.revision, event.name, event.at, facts(event)))
    messages.put(connection, notices.of_challenge(event, after))


def _entry(event: ChallengeEvent, after: ChallengeState, said: Particulars | None, *, new: bool = False) -> Event:
    """An entry that the person finds in their log; the revision makes it unique."""
    use = after.use
    told: dict[str, JSON] = {
        **facts(event),
        "consumer": use.organisation,
        "case": use.case,
        "evidence_type": use.evidence_type,
        "service_item": use.service_item,
        "legal_basis": use.legal_basis,
        "fields": [*use.asked],
        "relation": use.relation,
        "of": use.at.isoformat(),
        "status": after.status.value,
    }
    payload = said.payload() if new and said is not None else None
    return Event(event.name, after.id, str(after.revision), told, said.about if said else None, payload=payload)
