"""The bulkhead: so many look-ups at a time and no more, and none that holds its caller beyond the deadline."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from connectors.errors import SourceBusy, SourceTimedOut, SourceUnavailable
from connectors.resilience.deadline import Deadline

T = TypeVar("T")


class Bulkhead:
    """`limit` places. Who finds none within `wait_seconds` is told that the source is busy. Safe for threads.

    `run` works in the caller's thread and trusts the work to keep its deadline. `run_apart` hands the work to one of
    the bulkhead's own threads and waits for it no longer than it may; work that is then left behind keeps its place
    until it ends, so a source that hangs can never collect more than `limit` threads.
    """

    def __init__(self, name: str, *, limit: int, wait_seconds: float) -> None:
        self._name = name
        self._limit = limit
        self._wait_seconds = wait_seconds
        self._places = threading.BoundedSemaphore(limit)
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._busy = 0
        self._closed = False

    @property
    def in_flight(self) -> int:
        """Look-ups under way, those left behind included."""
        return self._busy

    def run(self, work: Callable[[float], T], deadline: Deadline) -> T:
        """Do the work here, telling it how many seconds are left. Raises: SourceBusy, and whatever the work raises."""
        self._enter(deadline)
        try:
            return work(deadline.left())
        finally:
            self._leave()

    def run_apart(self, work: Callable[[float], T], deadline: Deadline) -> T:
        """Do the work on a thread of ours. Raises: SourceBusy, SourceTimedOut, and whatever the work raises."""
        self._enter(deadline)
        outcome: Future[T] = Future()
        self._hand_over(lambda: self._carry_out(work, deadline, outcome))
        try:
            return outcome.result(timeout=deadline.left())
        except TimeoutError:
            raise SourceTimedOut("deadline") from None

    def close(self) -> None:
        """Let the threads end once what they carry has ended; nothing enters any more."""
        with self._lock:
            self._closed = True
            idle, self._threads = self._threads, 0
        for _ in range(idle):
            self._tasks.put(None)

    def _enter(self, deadline: Deadline) -> None:
        if self._closed:
            raise SourceUnavailable("closed")
        if not self._places.acquire(timeout=min(self._wait_seconds, deadline.left())):
            raise SourceBusy("concurrency", retry_after=1)
        with self._lock:
            self._busy += 1

    def _leave(self) -> None:
        with self._lock:
            self._busy -= 1
        self._places.release()

    def _hand_over(self, task: Callable[[], None]) -> None:
        with self._lock:
            if self._threads < min(self._busy, self._limit):
                self._threads += 1
                # Daemons: a source that hangs must not keep the process from ending.
                threading.Thread(target=self._serve, name=f"source-{self._name}", daemon=True).start()
        self._tasks.put(task)

    def _serve(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _carry_out(self, work: Callable[[float], T], deadline: Deadline, outcome: Future[T]) -> None:
        try:
            result = work(deadline.left())
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller, who may have left
            self._leave()
            outcome.set_exception(error)
        else:
            self._leave()
            outcome.set_result(result)
