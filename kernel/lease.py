"""A lease on something that may be withdrawn at any moment: known for one second from when the question was *sent*.

A node that cannot confirm stops by itself. Design and reasons: ADR 0012.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from kernel.clock import Clock

T = TypeVar("T")

LEASE_SECONDS = 1.0
RETRY_SECONDS = 0.25


class LeaseLost(Exception):
    """What is leased could not be confirmed within the last second."""


class Lease(Generic[T]):
    """Keeps the last confirmed value. Safe for threads.

    A background thread renews it every 250 ms. A request that finds it expired may renew it once itself (one request
    at a time, and not within 250 ms of the last attempt), so that a starved background thread alone does not refuse
    anybody. Where the owner does not even answer, nobody waits for longer than the answer would be worth.
    """

    def __init__(self, ask: Callable[[], T], *, clock: Clock) -> None:
        """``ask`` reads the current value from its owner; whatever it raises means that it could not be confirmed."""
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[T, float] | None = None
        self._last_attempt = float("-inf")
        self._asking = False

    def renew(self) -> T:
        """Ask the owner now. Raises what ``ask`` raises; the value held before then simply runs out."""
        with self._lock:
            return self._renew()

    def current(self) -> T:
        """The value, confirmed at most a second ago. Raises LeaseLost."""
        held = self._held
        if held is not None and self._clock.monotonic() < held[1]:
            return held[0]
        return self._renew_once()

    def _renew_once(self) -> T:
        if not self._lock.acquire(timeout=self._worth_waiting()):
            raise LeaseLost
        try:
            held, now = self._held, self._clock.monotonic()
            if held is not None and now < held[1]:
                return held[0]
            if now - self._last_attempt < RETRY_SECONDS:
                raise LeaseLost
            return self._renewed_or_lost()
        finally:
            self._lock.release()

    def _worth_waiting(self) -> float:
        """Seconds to wait for somebody else's question: an answer to one sent a second ago no longer counts."""
        if not self._asking:
            return LEASE_SECONDS
        return max(0.0, self._last_attempt + LEASE_SECONDS - self._clock.monotonic())

    def _renewed_or_lost(self) -> T:
        try:
            return self._renew()
        except Exception as error:
            raise LeaseLost from error

    def _renew(self) -> T:
        sent = self._last_attempt = self._clock.monotonic()
        self._asking = True
        try:
            value = self._ask()
        finally:
            self._asking = False
        self._held = (value, sent + LEASE_SECONDS)
        return value
