"""How a process of a fault test dies at one step: before or after a statement, or once an entry is recorded."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from typing import Any, TypeVar

from kernel.ledger.log import Ledger
from tests.doubles.forked import Forked

Result = TypeVar("Result")


def died(module: str, *words: str) -> str:
    """Run a process of a fault test (a module of this package) until it kills itself; what it wrote until then."""
    with Forked(f"tests.faults.{module}", *words) as process:
        said = process.stdout.read()
        assert process.ended() == -signal.SIGKILL, said
    return said


def once_recorded(name: str) -> None:
    """From now on this process dies where an entry of this name is recorded and not acknowledged yet."""
    append = Ledger.append

    def recorded(self: Ledger, events: Any, **more: Any) -> Any:
        receipts = append(self, events, **more)
        die_if(name in {event.name for event in events})
        return receipts

    Ledger.append = recorded  # type: ignore[method-assign]


def deadly(statement: Callable[..., Result], moment: str, time: int = 1) -> Callable[..., Result]:
    """The statement, in a process that dies ``before`` or ``after`` it, where it is run for the ``time``-th time."""
    times = itertools.count(1)

    def dying(*given: Any, **more: Any) -> Result:
        its_turn = next(times) == time
        die_if(its_turn and moment == "before")
        done = statement(*given, **more)
        die_if(its_turn and moment == "after")
        return done

    return dying


def die_if(now: bool) -> None:
    """SIGKILL, which nothing can catch."""
    if now:
        os.kill(os.getpid(), signal.SIGKILL)
