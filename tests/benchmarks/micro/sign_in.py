"""Signing in with a wrong password: a name that somebody has and a name nobody has must take the same time."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY

from idp.authentication.devices import Device
from idp.authentication.sign_in import NotSignedIn, SignIn
from idp.composition.people import PeopleRooms
from idp.composition.tools import Tools
from idp.store import people
from kernel.entropy import SystemEntropy
from tests.benchmarks.micro import Operation
from tests.doubles.identity_provider import PASSWORD, provider_at

TRIES = 40


def operations(folder: Path, stack: ExitStack) -> Iterator[Operation]:
    """One refused sign-in of each kind, and whether their times can be told apart."""
    provider = stack.enter_context(provider_at(f"sqlite:///{folder / 'idp.sqlite3'}", folder))
    passwords = type(provider.passwords)(PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY))
    stack.callback(passwords.close)
    tools = Tools(
        provider.settings, provider.database, provider.keys, provider.ledger, provider.clock, SystemEntropy(),
        passwords, provider.exchange.fetch, provider.departments,
    )  # fmt: skip
    owned, hashed = provider.person("wang").id, passwords.hash(PASSWORD)  # as a real installation hashes it
    provider.database.write(lambda connection: people.change_password(connection, owned, hashed))
    sign_in = PeopleRooms(tools).sign_in
    addresses = itertools.count()

    def refused(name: str) -> float:
        """Seconds until the refusal; every try comes from an address of its own, and waits for nobody."""
        provider.clock.advance(100_000)
        number = next(addresses)
        device = Device(f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1")
        begun = time.perf_counter()
        return _seconds(sign_in, name, device, begun)

    pairs = [(refused("wang"), refused("unknown")) for _ in range(TRIES)]
    note = overlap(*zip(*pairs, strict=True))
    yield Operation("sign-in refused: a name somebody has", lambda: refused("wang"), note=note)
    yield Operation("sign-in refused: a name nobody has", lambda: refused("unknown"), note=note)


def _seconds(sign_in: SignIn, name: str, device: Device, begun: float) -> float:
    try:
        sign_in.with_password(name, "not the password", device, None)
    except NotSignedIn:
        return time.perf_counter() - begun
    raise AssertionError("a wrong password signed somebody in")


def overlap(ours: tuple[float, ...], theirs: tuple[float, ...]) -> str:
    """How often a try at one name is slower than a try at the other: 50 % says nothing, 0 or 100 % says everything."""
    slower = statistics.fmean(float(one > other) for one in ours for other in theirs)
    return f"told apart by time: {slower:.0%} (50 % is chance)"
