"""A process that reads a file source and stands still at one point of it, to be killed there.

``python -m tests.faults.files_being_read POINT MANIFEST ROOT CACHE`` (secrets as JSON on standard input) prints the
point when it is reached, and does nothing more.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from connectors.files import fetched, reading
from connectors.files.workroom import Workroom
from connectors.registry import build
from kernel.clock import SystemClock

ROWS = 500
"""Rows after which reading stands still."""


def stand_still(point: str) -> None:
    """Say so, and wait for whoever kills us."""
    print(point, flush=True)
    threading.Event().wait()


def while_fetching(write: Callable[..., None], *arguments: Any) -> None:
    write(*arguments)
    stand_still("fetching")


def while_building(told: Callable[..., Any], *arguments: Any) -> Any:
    for number, row in enumerate(told(*arguments)):
        if number == ROWS:
            stand_still("building")
        yield row


def before_it_is_noted(_replace: Callable[..., None], *_arguments: Any) -> None:
    """The index is whole, and nothing says that it answers."""
    stand_still("before it is noted")


def after_it_is_noted(replace: Callable[..., None], *arguments: Any) -> None:
    """What was there before has not been deleted yet."""
    replace(*arguments)
    stand_still("after it is noted")


POINTS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "fetching": (fetched.Target, "write", while_fetching),
    "building": (reading, "_told", while_building),
    "before it is noted": (Workroom, "_replace", before_it_is_noted),
    "after it is noted": (Workroom, "_replace", after_it_is_noted),
}


def main(point: str, manifest: str, root: str, cache: str) -> None:
    """Read until the point is reached."""
    owner, name, instead = POINTS[point]
    real = getattr(owner, name)
    secrets = json.loads(sys.stdin.readline())
    with mock.patch.object(owner, name, lambda *arguments: instead(real, *arguments)):
        described, clock = json.loads(manifest), SystemClock()
        source = build(described, secrets=secrets.__getitem__, roots=[Path(root)], clock=clock, cache=Path(cache))
        source.prepare(60.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
