"""Calls to many at the same time; whoever was slow or failed so far has lanes of their own, and holds nobody up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from kernel.clock import Clock

QUICK = 1.0
"""Seconds within which somebody answers that counts as quick."""


class Lanes:
    """Safe for threads. What is begun catches its own failures: here, nobody looks at what became of it."""

    def __init__(self, name: str, clock: Clock, *, prompt: int, tardy: int) -> None:
        """``prompt`` and ``tardy`` are how many calls there are at the same time, to the quick and to the others."""
        self._clock = clock
        self._prompt = ThreadPoolExecutor(prompt, name)
        self._tardy = ThreadPoolExecutor(tardy, f"{name}-tardy")
        self._slow: set[str] = set()
        self._under_way: dict[str, Future[object]] = {}
        self._lock = threading.Lock()

    def begin(self, key: str, whom: str, call: Callable[[], object], *, again: bool) -> bool:
        """Begin a call to somebody, without waiting for it; False where the one of this key is not over yet.

        ``again``: it failed before, and takes the slow lane whoever it goes to.
        """
        with self._lock:
            self._under_way = {known: begun for known, begun in self._under_way.items() if not begun.done()}
            if key in self._under_way:
                return False
            lane = self._tardy if again or whom in self._slow else self._prompt
            self._under_way[key] = lane.submit(call)
        return True

    @contextmanager
    def timed(self, whom: str) -> Iterator[None]:
        """Around the call itself: how long somebody took decides about their next lane."""
        begun = self._clock.monotonic()
        try:
            yield
        finally:
            slow = self._clock.monotonic() - begun > QUICK
            with self._lock:
                (self._slow.add if slow else self._slow.discard)(whom)

    def settle(self, seconds: float) -> None:
        """Wait for what is under way, at most so long."""
        with self._lock:
            calls = [*self._under_way.values()]
        wait(calls, timeout=seconds)

    def close(self) -> None:
        """Take up nothing more; what is under way ends within its own time limit."""
        for lane in (self._prompt, self._tardy):
            lane.shutdown(wait=False, cancel_futures=True)
        self.settle(1.0)
