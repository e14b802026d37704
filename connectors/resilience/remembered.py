"""Answers remembered for a while, where the owner's update cycle allows it. In this process's memory alone, bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from connectors.base import Query
from kernel.clock import Clock

T = TypeVar("T")
_Key = tuple[str, str, tuple[tuple[str, str], ...]]

MOST = 1000


class Remembered(Generic[T]):
    """The last answers by subject and parameters, each for ``seconds``; the one least asked for goes first.

    Safe for threads.

    Attributes:
        seconds: an answer is remembered.
    """

    def __init__(self, clock: Clock, seconds: float, most: int = MOST) -> None:
        self._clock = clock
        self.seconds = seconds
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[_Key, tuple[float, T]] = OrderedDict()
        self._generation = 0

    def find(self, query: Query) -> T | None:
        """What was answered, as it was answered; None where nothing is remembered any more."""
        key = _key(query)
        with self._lock:
            held = self._held.get(key)
            if held is None:
                return None
            if held[0] <= self._clock.monotonic():
                del self._held[key]
                return None
            self._held.move_to_end(key)
            return held[1]

    @property
    def generation(self) -> int:
        """How often everything was forgotten: to be taken before a source is asked."""
        return self._generation

    def keep(self, query: Query, answer: T, generation: int) -> None:
        """Remember an answer, unless everything was forgotten since it was asked for: it may be of before."""
        with self._lock:
            if generation != self._generation:
                return
            self._held[_key(query)] = (self._clock.monotonic() + self.seconds, answer)
            self._held.move_to_end(_key(query))
            while len(self._held) > self._most:
                self._held.popitem(last=False)

    def clear(self) -> None:
        """Forget everything, and what is being asked for just now."""
        with self._lock:
            self._generation += 1
            self._held.clear()


def _key(query: Query) -> _Key:
    return query.subject.scheme, query.subject.value, tuple(sorted(query.parameters.items()))
