"""An exchange in a process of its own that answers as fast as it can and tells, line by line, what it has acknowledged.

Run by `Forked` with the words ``DATABASE_URL FOLDER ROUND``; it ends when it is killed.
"""

from __future__ import annotations

import itertools
import sys
import threading
from pathlib import Path

from tests.doubles.exchange import NAME, STAFF, Holder, World, make_world

THREADS = 6


def serve(world: World, case: str, numbers: itertools.count[int], out: threading.Lock) -> None:
    """Ask for evidence without end; a line follows each answer, and nothing else."""
    while True:
        number = next(numbers)
        key = f"key-{number}"
        answer = world.ask(case, NAME, *([STAFF] if number % 3 == 0 else []), Idempotency_Key=key)
        if answer.status_code != 200:
            continue
        indexes = [item["receipt"].split("\nindex ")[1].split("\n")[0] for item in answer.json["evidence"]]
        with out:
            sys.stdout.write(f"{key} {answer.json['id']} {' '.join(indexes)}\n")
            sys.stdout.flush()


def main(database_url: str, folder: str, round_number: str) -> None:
    """Recover what an earlier process left, then serve."""
    number = int(round_number)
    Holder._numbers = itertools.count(number * 1_000_000)
    world = make_world(database_url, Path(folder), seed=5000 + number)
    world.clock.advance(61 * number)  # on PostgreSQL another node's intents are orphans once they are overdue
    world.rooms.recovery.at_start()
    case = world.open_case()
    numbers, out = itertools.count(number * 1_000_000), threading.Lock()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threads = [threading.Thread(target=serve, args=(world, case, numbers, out)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
