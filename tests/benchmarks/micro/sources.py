"""A hundred sources of which ten hang: what a look-up in one of the others costs, beside a hundred of which none does.

The hanging ones are asked all the time, by ten callers each of whom waits until the deadline; their breakers are kept
from opening, since the question is what the waiting itself costs the others.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from connectors.errors import SourceProblem
from connectors.kit.bench import source
from connectors.registry import Source
from tests.benchmarks.micro import Operation
from tests.doubles import http_source
from tests.doubles.connectors import retrieve
from tests.doubles.http_source import HttpSource

SOURCES, HANGING = 100, 10
APART = 2000
"""Look-ups of each kind, timed one by one."""
FIELDS = {"name": {"path": "name", "required": True}}


def operations(folder: Path, stack: ExitStack) -> Iterator[Operation]:
    """One look-up, in the healthy sources in turn. The goal: at most 5 % more where ten others hang."""
    del folder
    healthy = _service(stack, http_source.by_subject)
    hanging = _service(stack, http_source.hang)
    every = [_source(stack, healthy) for _ in range(SOURCES)]
    note = "GET /people/… on loopback"
    yield Operation(f"{SOURCES} sources, none hangs", _asking(every), 1, note, APART)
    stuck = [_source(stack, hanging) for _ in range(HANGING)]
    over = threading.Event()
    callers = [threading.Thread(target=_wait, args=(one, over), daemon=True) for one in stuck]
    for caller in callers:
        caller.start()
    yield Operation(f"{SOURCES} sources, {HANGING} hang", _asking(every[HANGING:]), 1, note, APART)
    over.set()
    for caller in callers:
        caller.join(timeout=5)
    yield Operation(f"{SOURCES} sources, none hangs, again", _asking(every), 1, "how far one machine differs", APART)


def _service(stack: ExitStack, behaviour: http_source.Behaviour) -> HttpSource:
    service = stack.enter_context(HttpSource({"A1": [{"name": "甲"}]}))
    service.behaviour = behaviour
    return service


def _source(stack: ExitStack, service: HttpSource) -> Source:
    settings = {"url": f"{service.url}/people/{{subject}}", "records": "data"}
    limits = {"failures": 1000, "deadline_ms": 1000}
    return stack.enter_context(source("rest", settings, FIELDS, limits=limits))


def _asking(sources: Sequence[Source]) -> Callable[[], object]:
    turn = itertools.cycle(sources)
    return lambda: retrieve(next(turn)).values == {"name": "甲"}


def _wait(one: Source, over: threading.Event) -> None:
    while not over.is_set():
        try:
            retrieve(one)
        except SourceProblem:
            continue
