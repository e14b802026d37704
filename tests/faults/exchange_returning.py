"""An exchange in a process of its own that makes files of a return flow, a snapshot and a day later what changed, until
it is killed at one step of either.

Run by `Forked` with the words ``DATABASE_URL FOLDER DURING STEP MOMENT TIME``.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from exchange.return_flow import reading
from exchange.store import return_flows
from tests.doubles.exchange import Holder, World, lived, make_world, number
from tests.faults.dying import deadly, once_recorded
from tests.unit.exchange.test_return_flow import RECORDS, holds, later, make

STEPS = (
    ("snapshot", "claim", "after", 1),
    ("snapshot", "add_part", "after", 2),
    ("snapshot", "ReturnFlowFileMade", "recorded", 1),
    ("changes", "sent", "after", 2),
    ("changes", "leave", "after", 1),
    ("changes", "put_back", "after", 1),
    ("changes", "ReturnFlowFileMade", "recorded", 1),
)
"""During which file; a statement of its transactions and its how manieth time, or an entry that is recorded."""


def arm(step: str, moment: str, time: int) -> None:
    """From now on this process dies there."""
    if moment == "recorded":
        once_recorded(step)
    else:
        setattr(return_flows, step, deadly(getattr(return_flows, step), moment, time))


def a_day_later(world: World) -> None:
    """One record was changed, one is gone, one is new; two are as they were."""
    new = {"id": number(18), "name": "新示例", "address": "六号", "division": "500103"}
    holds(world, [RECORDS[0] | {"address": "五号"}, *RECORDS[2:], new])
    later(world, 86_400)


def live(world: World, during: str, step: str, moment: str, time: int) -> None:
    """Make one file, then, a day later, the next."""
    for file in ("snapshot", "changes"):
        if file == "changes":
            a_day_later(world)
        if file == during:
            arm(step, moment, time)
        make(world)


def main(database_url: str, folder: str, during: str, step: str, moment: str, time: str) -> None:
    """Live until killed."""
    reading.AT_ONCE = 1  # every subject is a piece
    Holder._numbers = itertools.count(1_000_000)  # its proofs are nobody else's
    with lived(make_world(database_url, Path(folder), seed=7301)) as world:
        live(world, during, step, moment, int(time))
