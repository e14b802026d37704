"""An unknown account costs what a known one costs, and nothing has to be hashed for that at a start."""

from __future__ import annotations

import subprocess
import sys

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from idp.authentication.passwords import NICENESS, Passwords


class Watching(PasswordHasher):
    """Notes what is hashed, and against what somebody's password is compared."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.hashed: list[str | bytes] = []
        self.compared: list[str | bytes] = []

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.hashed.append(password)
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002
        self.compared.append(hash)
        return super().verify(hash, password)  # type: ignore[return-value]


@pytest.mark.parametrize("guess", ["nobody has this password", "correct horse", ""])
def test_nobodys_hash_costs_what_every_hash_costs_and_no_password_is_behind_it(guess: str) -> None:
    hasher = Watching()
    passwords = Passwords(hasher)
    assert hasher.hashed == [], "a start need not hash anything"
    known = passwords.hash("correct horse")
    assert passwords.verify(guess, None) is False
    assert passwords.verify("correct horse", known) is True
    nobodys, somebodys = (extract_parameters(str(one)) for one in hasher.compared)
    assert nobodys == somebodys
    assert nobodys.type is Type.ID
    passwords.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no priority of their own")
def test_hashing_stands_back_behind_its_service_wherever_that_was_started() -> None:
    """Only root may step forward: hashing that did so ended every sign-in of a service started with a niceness."""
    asked = (
        f"import os; started = os.nice(max(0, {NICENESS + 2} - os.nice(0)))\n"
        "from idp.authentication.passwords import Passwords\n"
        "pool = Passwords()\n"
        "print(pool._run(lambda: os.getpriority(os.PRIO_PROCESS, 0)), started, os.nice(0))\n"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False, timeout=60)
    hashing, started, still = map(int, done.stdout.split() or [0, 0, 0])
    assert still == started >= NICENESS + 2, done.stderr
    assert hashing == min(started + NICENESS, 19)
