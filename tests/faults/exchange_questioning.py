"""An exchange in a process of its own in which a source asks its person: put, answered wrongly, answered rightly and
released, until it is killed at one step of that; told line by line as far as it was acknowledged.

Run by `Forked` with the words ``DATABASE_URL FOLDER DURING STEP MOMENT [elsewhere]``. The source is
whatever the catalogue there says, another exchange with its questions included.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from exchange.store import further_answers, waiting
from tests.doubles.asking_exchange import build
from tests.doubles.exchange import Holder, World, lived, make_world
from tests.faults.dying import deadly, once_recorded
from tests.unit.exchange.test_further_questions import RIGHT, WRONG, put, tell
from tests.unit.exchange.test_relayed_answers import ask, told

STEPS = (
    ("put", "FurtherQuestionsPut", "recorded"),
    ("wrong", "add", "after"),
    ("wrong", "FurtherAnswersGiven", "recorded"),
    ("wrong", "FurtherAnswersUnmatched", "recorded"),
    ("right", "add", "after"),
    ("right", "FurtherAnswersGiven", "recorded"),
    ("right", "take", "after"),
    ("right", "set_outcome", "after"),
    ("right", "EvidenceReleased", "recorded"),
)
"""During what; a statement of its transactions, before or after it, or an entry, recorded and not acknowledged yet."""
TOLD = "told: "
"""Before what was acknowledged; between those lines stands what the exchange logs."""
_STORES = {"add": further_answers, "set_outcome": further_answers, "take": waiting}


def arm(step: str, moment: str) -> None:
    """From now on this process dies there."""
    if moment == "recorded":
        once_recorded(step)
    else:
        setattr(_STORES[step], step, deadly(getattr(_STORES[step], step), moment))


def live(world: World, during: str, step: str, moment: str) -> None:
    """Ask, answer wrongly, answer rightly: a line for each that was acknowledged."""
    if during == "put":
        arm(step, moment)
    name, _ = put(world, mode="direct")
    _tell("put")
    if during == "wrong":
        arm(step, moment)
    _tell(tell(world, name, WRONG).json["code"])
    if during == "right":
        arm(step, moment)
    _tell(tell(world, name, RIGHT).json["status"])


def live_elsewhere(world: World, during: str, step: str, moment: str) -> None:
    """The same, asked by another exchange that puts the question to its own person."""
    _tell(told(ask(world))["problem"]["code"])
    if during == "wrong":
        arm(step, moment)
    _tell(told(ask(world, WRONG))["problem"]["code"])
    arm(step, moment)
    _tell(told(ask(world, RIGHT))["status"])


def _tell(what: str) -> None:
    sys.stdout.write(f"{TOLD}{what}\n")
    sys.stdout.flush()


def main(database_url: str, folder: str, during: str, step: str, moment: str, whose: str = "own") -> None:
    """Live until killed; ``whose`` person is asked: our own, or that of an exchange that asks us."""
    Holder._numbers = itertools.count(1_000_000)  # its proofs are nobody else's
    with lived(make_world(database_url, Path(folder), seed=7101).another_node(build_source=build)) as world:
        (live if whose == "own" else live_elsewhere)(world, during, step, moment)
