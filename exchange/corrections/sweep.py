"""What time alone does to corrections: somebody above is told when a provider's time runs out."""

from __future__ import annotations

from exchange.clocks.sweep import ClockSweep
from exchange.corrections.transitions import CorrectionTransitions
from exchange.store import corrections
from exchange.store.corrections import About
from policies.corrections import lifecycle
from policies.corrections.commands import Command
from policies.corrections.events import CorrectionState


def correction_sweep(transitions: CorrectionTransitions) -> ClockSweep[CorrectionState, About, Command]:
    """Looks at the clocks of corrections."""
    return ClockSweep(
        database=transitions.database,
        clock=transitions.clock,
        calendar=transitions.calendar,
        due=corrections.due,
        find=corrections.find,
        set_next_due=corrections.set_next_due,
        pending=lifecycle.pending,
        next_due=lifecycle.next_due,
        carry_out=transitions.carry_out,
    )
