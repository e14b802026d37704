"""Passwords: argon2id in a small pool of its own, so that hashing never stands in the way of token traffic."""

from __future__ import annotations

import base64
import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from argon2.profiles import RFC_9106_LOW_MEMORY

from kernel.text import Text

T = TypeVar("T")

WORKERS = 2
MOST_WAITING = 32
NICENESS = 15
"""How far hashing stands back behind its service (setpriority(2)): the eight threads of two hashes, four lanes each,
get a fifth of a processor that others want, too.
"""
SHORTEST, LONGEST = 8, 256
"""Characters; NIST SP 800-63B asks for a minimum, and no rules of composition."""


class HashingBusy(Exception):
    """More people sign in at once than the pool takes; try again shortly."""


class PasswordUnusable(ValueError):
    """The password cannot be taken; ``text`` says why and shows nothing of it."""

    text = Text("密码须为 8 至 256 个字符。", "A password has 8 to 256 characters.")


class Passwords:
    """Hashes and verifies passwords (RFC 9106). Safe to share between threads."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="password", initializer=_stand_back)
        self._room = threading.BoundedSemaphore(WORKERS + MOST_WAITING)
        self._nobody = _of_nobody(self._hasher)

    def hash(self, password: str) -> str:
        """The encoded argon2id hash. Raises PasswordUnusable, HashingBusy."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise PasswordUnusable(f"a password has {SHORTEST} to {LONGEST} characters")
        return self._run(lambda: self._hasher.hash(normalised(password)))

    def verify(self, password: str, encoded: str | None) -> bool:
        """Whether the password is the one hashed. An unknown account (None) costs the same work. Raises HashingBusy."""
        matched = self._run(lambda: self._matches(normalised(password[: LONGEST + 1]), encoded or self._nobody))
        return matched and encoded is not None

    def close(self) -> None:
        """Finish what is under way."""
        self._pool.shutdown()

    def _matches(self, password: str, encoded: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    def _run(self, work: Callable[[], T]) -> T:
        if not self._room.acquire(blocking=False):
            raise HashingBusy
        try:
            return self._pool.submit(work).result()
        finally:
            self._room.release()


class Share:
    """Some of the places of the pool, for what must not take those of people who sign in. Safe to share."""

    def __init__(self, passwords: Passwords, places: int) -> None:
        self._passwords, self._room = passwords, threading.BoundedSemaphore(places)

    def verify(self, secret: str, encoded: str | None) -> bool:
        """As `Passwords.verify`. Raises HashingBusy."""
        if not self._room.acquire(blocking=False):
            raise HashingBusy
        try:
            return self._passwords.verify(secret, encoded)
        finally:
            self._room.release()


def _of_nobody(hasher: PasswordHasher) -> str:
    """An encoded hash that costs what every other costs and that no password has: written down, not computed."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"


def _stand_back() -> None:
    """Hashing waits where a request for a token needs the processor: on Linux a thread has a priority of its own.

    It steps back from where the service was started: nobody but root may step forward (setpriority(2), EACCES).
    """
    if sys.platform == "linux":
        me = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, me, os.getpriority(os.PRIO_PROCESS, me) + NICENESS)


def normalised(password: str) -> str:
    """One spelling per password, whatever keyboard wrote it (NIST SP 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", password)
