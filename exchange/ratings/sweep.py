"""What time alone does to bad ratings: somebody above is told when a department's time runs out."""

from __future__ import annotations

from exchange.clocks.sweep import ClockSweep
from exchange.ratings.transitions import RatingTransitions
from exchange.store import ratings
from policies.ratings import lifecycle
from policies.ratings.commands import Command
from policies.ratings.events import RatingState


def rating_sweep(transitions: RatingTransitions) -> ClockSweep[RatingState, int, Command]:
    """Looks at the clocks of ratings."""
    return ClockSweep(
        database=transitions.database,
        clock=transitions.clock,
        calendar=transitions.calendar,
        due=ratings.due,
        find=ratings.find,
        set_next_due=ratings.set_next_due,
        pending=lifecycle.pending,
        next_due=lifecycle.next_due,
        carry_out=transitions.carry_out,
    )
