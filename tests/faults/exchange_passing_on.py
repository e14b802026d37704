"""An exchange in a process of its own in which an officer types what a register on paper says, and that is passed on
to whoever asked, until it is killed at one step of that.

Run by `Forked` with the words ``DATABASE_URL FOLDER TASK STEP MOMENT``.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from exchange.store import responders, waiting
from tests.doubles.exchange import Holder, lived, make_world
from tests.doubles.manual_register import FILLED
from tests.faults.dying import deadly, once_recorded
from tests.unit.exchange.test_responders import done

STEPS = (
    ("keep", "after"),
    ("TaskAnswered", "recorded"),
    ("take", "after"),
    ("EvidenceReleased", "recorded"),
)
"""After a statement of the transaction of the answer or of the release; or an entry, recorded and not acknowledged yet.
"""
_STORES = {"keep": responders, "take": waiting}


def arm(step: str, moment: str) -> None:
    """From now on this process dies there."""
    if moment == "recorded":
        once_recorded(step)
    else:
        setattr(_STORES[step], step, deadly(getattr(_STORES[step], step), moment))


def main(database_url: str, folder: str, task: str, step: str, moment: str) -> None:
    """Live until killed."""
    Holder._numbers = itertools.count(1_000_000)  # its proofs are nobody else's
    with lived(make_world(database_url, Path(folder), seed=7501)) as world:
        arm(step, moment)
        done(world, task, "answer", {"values": FILLED})
        sys.stdout.write("answered\n")
