"""An exchange in a process of its own that is asked for evidence of which one record names whom the next is about,
until it is killed at one step of that.

Run by `Forked` with the words ``DATABASE_URL FOLDER CASE STEP MOMENT``.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Any

from exchange.store import cases
from tests.doubles.exchange import BEFORE_FETCH, STAFF, WORKER, Holder, World, lived, make_world
from tests.faults.dying import deadly, die_if, once_recorded
from tests.unit.exchange.test_composition import THEIRS, ask

STEPS = (
    ("fetch", "before"),
    ("relate", "after"),
    ("EvidenceReleased", "recorded"),
)
"""Before the one who was named is looked up; after a statement of the transaction that records both items; or the
entries, recorded and not acknowledged yet.
"""


def arm(step: str, moment: str) -> None:
    """From now on this process dies there."""
    if moment == "recorded":
        once_recorded(step)
    elif step == "fetch":
        BEFORE_FETCH.append(lambda query: die_if(query.subject.value == WORKER))
    else:
        setattr(cases, step, deadly(getattr(cases, step), moment))


def composed(world: World, case: str, key: str = "the-one") -> Any:
    """Who works for the owner, and the card of whoever that is: one request, as good as once under one key."""
    return ask(world, STAFF, THEIRS, case=case, Idempotency_Key=key)


def main(database_url: str, folder: str, case: str, step: str, moment: str) -> None:
    """Live until killed."""
    Holder._numbers = itertools.count(1_000_000)  # its proofs are nobody else's
    with lived(make_world(database_url, Path(folder), seed=7401)) as world:
        arm(step, moment)
        composed(world, case)
        sys.stdout.write("answered\n")
