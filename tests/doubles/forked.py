"""Processes that begin in milliseconds: a fork server has imported both services once, and it has no threads.

`multiprocessing` has one such server in a process, and what that imports is settled when its first child begins:
everything that is to be there is named here.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import sys
from multiprocessing.connection import Connection
from types import TracebackType

IMPORTED = [
    "tests.doubles.racing_requests",
    "tests.doubles.racers",
    *("tests.faults.events_under_load", "tests.faults.exchange_under_load", "tests.faults.exchange_waiting"),
    *("tests.faults.exchange_composing", "tests.faults.exchange_consenting", "tests.faults.exchange_passing_on"),
    *("tests.faults.exchange_questioning", "tests.faults.exchange_returning"),
]
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(IMPORTED)


class Forked:
    """A process that does what a module's ``main`` says with these words; what it writes can be read from ``stdout``.

    As a context manager it is killed at the end, whatever happened.
    """

    def __init__(self, module: str, *words: str) -> None:
        out, into = SERVER.Pipe(duplex=False)
        self._process = SERVER.Process(target=_run, args=(into, module, words), daemon=True)
        self._process.start()
        into.close()
        self.stdout = os.fdopen(os.dup(out.fileno()), encoding="utf-8")
        out.close()

    def kill(self) -> None:
        """SIGKILL, which nothing can catch."""
        self._process.kill()

    def ended(self, seconds: float = 120) -> int | None:
        """Its exit status, or minus the signal that ended it; nothing where it has not ended within these seconds."""
        self._process.join(seconds)
        return self._process.exitcode

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
        self.ended()
        self.stdout.close()


def _run(into: Connection, module: str, words: tuple[str, ...]) -> None:
    gc.freeze()  # looking through everything would copy every page of the fork server
    os.dup2(into.fileno(), sys.stdout.fileno())
    into.close()
    importlib.import_module(module).main(*words)
