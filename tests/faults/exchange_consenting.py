"""An exchange in a process of its own in which somebody consents, evidence leaves, and they take it back, until it is
killed at one step of that; told line by line as far as it was acknowledged.

Run by `Forked` with the words ``DATABASE_URL FOLDER CASE STEP MOMENT``.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from exchange.consents import desk
from exchange.consents.forms import Reply
from exchange.store import consents
from tests.doubles.exchange import Holder, World, lived, make_world
from tests.faults.dying import deadly, once_recorded
from tests.unit.exchange.test_consents import absent, asked, outcome, say

STEPS = (
    ("answer", "before"),
    ("answer", "after"),
    ("ConsentGiven", "recorded"),
    ("use", "before"),
    ("use", "after"),
    ("EvidenceReleased", "recorded"),
    ("withdraw", "before"),
    ("withdraw", "after"),
    ("ConsentWithdrawn", "recorded"),
)
"""A statement of the transaction, before or after it; or an entry, recorded and not acknowledged yet."""


def arm(step: str, moment: str) -> None:
    """From now on this process dies there."""
    if moment == "recorded":
        once_recorded(step)
        return
    statement = deadly(getattr(consents, step), moment)
    setattr(consents, step, statement)
    if step == "withdraw":
        desk._CHANGES[Reply.WITHDRAW] = statement


def live(world: World, case: str) -> None:
    """Ask, give, release, take back: a line for each that was acknowledged."""
    consent = asked(world, case)
    _tell("asked", consent)
    _tell(str(say(world, consent, "give").json["status"]), consent)
    _tell(outcome(absent(world, case, Idempotency_Key="the-one")), consent)
    _tell(str(say(world, consent, "withdraw").json["status"]), consent)
    _tell(outcome(absent(world, case)), consent)


def _tell(what: str, consent: str) -> None:
    sys.stdout.write(f"{what} {consent}\n")
    sys.stdout.flush()


def main(database_url: str, folder: str, case: str, step: str, moment: str) -> None:
    """Live until killed."""
    Holder._numbers = itertools.count(1_000_000)  # its proofs are nobody else's
    with lived(make_world(database_url, Path(folder), seed=7001)) as world:
        arm(step, moment)
        live(world, case)
