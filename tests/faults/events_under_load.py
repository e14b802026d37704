"""An exchange in a process of its own that records changes of a certificate as fast as it can and tells of them.

Run by `Forked` with the words ``DATABASE_URL FOLDER ROUND``; it ends when it is killed. A line follows
each report that was acknowledged.
"""

from __future__ import annotations

import itertools
import sys
from datetime import UTC
from pathlib import Path

from tests.doubles.exchange import Holder, World, make_world
from tests.unit.exchange.test_certificate_life import CHANGES, ISSUED
from tests.unit.exchange.test_events import call

HOUR = 3600


def renewed(world: World) -> None:
    """Leases that run out while the clock is moved on."""
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def main(database_url: str, folder: str, round_number: str) -> None:
    """Report, hand out and push without end."""
    number = int(round_number)
    Holder._numbers = itertools.count(number * 1_000_000)
    world = make_world(database_url, Path(folder), seed=7000 + number)
    world.clock.advance(HOUR * (number + 1))  # what the process before held is free again
    sys.stdout.write("ready\n")
    for change in itertools.cycle(("suspend", "resume")):
        world.clock.advance(1)
        renewed(world)
        at = world.clock.now().astimezone(UTC).isoformat()
        said = {name: value for name, value in ISSUED.items() if name != "valid_until"}
        answer = call(world, "POST", CHANGES, said | {"change": change, "effective_at": at}, "police-system")
        if answer.status_code == 201:
            sys.stdout.write(f"revision {answer.json['revision']}\n")
            sys.stdout.flush()
        world.rooms.carry_events()
