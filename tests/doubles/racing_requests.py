"""Processes that send the same request at the same moment, each with its own engine, keys and memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from werkzeug.test import Client

from idp.app import create_app, open_ledger
from idp.authentication.passwords import Passwords
from kernel.clock import ManualClock
from kernel.database import Database
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing
from kernel.settings import IdpSettings
from tests.doubles.civil_register import PaperRegister
from tests.doubles.departments import PaperDepartments
from tests.doubles.forked import SERVER
from tests.doubles.identity_provider import ISSUER, PaperExchange, Provider

RACERS = 8
PATIENCE = 60.0


@dataclass(frozen=True)
class Sent:
    """One request, as plain values that travel between processes."""

    method: str
    path: str
    data: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Finish:
    """What one racer was answered: status, OAuth's code or '', where it was sent, and the cookies it was given."""

    status: int
    error: str
    location: str
    body: Mapping[str, Any]
    cookies: Mapping[str, str]


class Race:
    """The waiting processes; their clocks follow the provider's."""

    def __init__(self, ends: list[Connection], clock: ManualClock) -> None:
        self._ends, self._clock = ends, clock
        self.run_so_far = 0

    def run(self, requests: list[Sent]) -> list[Finish]:
        """One request for each process, all let go at once."""
        self.run_so_far += 1
        self._clock.advance(0.3)  # what nodes keep in memory catches up
        for end, request in zip(self._ends, requests, strict=True):
            end.send((request, self._clock.now()))
        return [self._next(end) for end in self._ends]

    def same(self, request: Sent) -> list[Finish]:
        """The same request by every process."""
        return self.run([request] * RACERS)

    @staticmethod
    def _next(end: Connection) -> Finish:
        assert end.poll(PATIENCE), "a racer does not answer"
        answer = end.recv()
        assert isinstance(answer, Finish), answer
        return answer


@contextmanager
def racers(provider: Provider, keys: Path) -> Iterator[Race]:
    """Eight processes on the provider's database; their civil register knows what the provider's knows now."""
    start = SERVER.Barrier(RACERS)
    pairs = [SERVER.Pipe() for _ in range(RACERS)]
    about = (provider.settings, keys, provider.clock.now(), provider.population)
    processes = [SERVER.Process(target=_run, args=(*about, start, inner), daemon=True) for _, inner in pairs]
    for process in processes:
        process.start()
    try:
        yield Race([outer for outer, _ in pairs], provider.clock)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(10)


def _run(
    settings: IdpSettings, keys: Path, now: datetime, population: PaperRegister, start: Any, end: Connection
) -> None:
    clock, entropy = ManualClock(now), SystemEntropy()
    ring = KeyRing.load(keys, clock=clock, entropy=entropy)
    database = Database.open(settings.database_url)
    app = create_app(
        settings,
        database=database,
        keys=ring,
        ledger=open_ledger(settings, database, ring, clock, entropy, serving=False),
        clock=clock,
        entropy=entropy,
        passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        fetch=PaperExchange().fetch,
        reach=PaperDepartments(),
        verifier=population,
    )
    client = Client(app, use_cookies=False)
    client.get("/jwks", base_url=ISSUER)  # whatever is loaded at the first request is loaded now
    gc.freeze()  # looking through all of it in the middle of a transaction would copy every page of the fork server
    while True:
        sent, now = end.recv()
        clock.advance((now - clock.now()).total_seconds())
        start.wait(PATIENCE)
        answer = client.open(
            sent.path, method=sent.method, data=dict(sent.data), headers=dict(sent.headers), base_url=ISSUER
        )
        body = answer.json if answer.is_json else {}
        given = (line.partition(";")[0].partition("=") for line in answer.headers.getlist("Set-Cookie"))
        where, code = answer.headers.get("Location", ""), body.get("error", "")
        end.send(Finish(answer.status_code, code, where, body, {name: value for name, _, value in given if value}))
