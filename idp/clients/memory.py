"""What is read often and written seldom: kept in memory, and checked against a counter in the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from idp.store import versions
from kernel.clock import Clock
from kernel.database import Database

T = TypeVar("T")

LOOK_EVERY = 0.25
"""Seconds between two looks at the counter: what another node changed counts here within a second."""


class Versioned(Generic[T]):
    """One value, reloaded when its counter moved. Raises DatabaseUnavailable rather than answer from an old memory."""

    def __init__(self, database: Database, name: str, load: Callable[[Connection], T], clock: Clock) -> None:
        self._database, self._name, self._load, self._clock = database, name, load, clock
        self._lock = threading.Lock()
        self._version: int | None = None
        self._value: T | None = None
        self._look_at = 0.0

    def current(self) -> T:
        """The value, at most `LOOK_EVERY` seconds behind the database."""
        if self._value is None or self._clock.monotonic() >= self._look_at:
            return self.refreshed()
        return self._value

    def refreshed(self) -> T:
        """The value as the database has it now."""
        with self._lock:
            asked_at = self._clock.monotonic()
            with self._database.read() as connection:
                # The counter is read first: a change between the two reads is then loaded once too often, never missed.
                version = versions.current(connection, self._name)
                if self._value is None or version != self._version:
                    self._value, self._version = self._load(connection), version
            self._look_at = asked_at + LOOK_EVERY
            return self._value
