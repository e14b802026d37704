"""What happens while something slow is under way, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from idp.authentication.passwords import Passwords

Meanwhile = Callable[[], None]


@contextmanager
def while_hashing(secret: str, happens: Meanwhile) -> Iterator[None]:
    """Something happens while one secret is being hashed."""
    original = Passwords.hash

    def overtaken(passwords: Passwords, password: str) -> str:
        hashed = original(passwords, password)
        if password == secret:
            happens()
        return hashed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Passwords, "hash", overtaken)
        yield
