"""What time alone does to challenges: somebody above is told when a department's time runs out."""

from __future__ import annotations

from exchange.challenges.transitions import ChallengeTransitions
from exchange.clocks.sweep import ClockSweep
from exchange.store import challenges
from exchange.store.challenges import Opener
from policies.challenges import lifecycle
from policies.challenges.commands import Command
from policies.challenges.events import ChallengeState


def challenge_sweep(transitions: ChallengeTransitions) -> ClockSweep[ChallengeState, Opener, Command]:
    """Looks at the clocks of challenges."""
    return ClockSweep(
        database=transitions.database,
        clock=transitions.clock,
        calendar=transitions.calendar,
        due=challenges.due,
        find=challenges.find,
        set_next_due=challenges.set_next_due,
        pending=lifecycle.pending,
        next_due=lifecycle.next_due,
        carry_out=transitions.carry_out,
    )
