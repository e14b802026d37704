"""Two nodes over one PostgreSQL: what an officer stops on one of them, the other stops within a second.

A node that is cut off from the database stops by itself, and goes on by itself when it is connected again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from exchange.app import RENEW_SECONDS
from kernel.background import Ticker
from kernel.clock import ManualClock
from kernel.lease import LEASE_SECONDS
from tests.doubles.exchange import (
    BASIS,
    ITEM,
    MARKET,
    NAME,
    NOW,
    POLICE,
    URBAN,
    World,
    copied,
    lived,
    make_world,
    prepared_postgresql,
)
from tests.faults.cable import Cable

__all__ = ["prepared_postgresql"]

GRANT = "G-IDENTITY"
BORN = {"type": "identity-card", "fields": ["born"]}


class RunningClock(ManualClock):
    """The time of the sample world, going on as fast as anybody's: leases are about real seconds."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The sample world's time."""
        return super().now() + timedelta(seconds=int(1000 * (self.monotonic() - self._began)) / 1000)

    def monotonic(self) -> float:
        """The machine's own."""
        return time.monotonic()


@contextmanager
def node(url: str, folder: Path, seed: int, clock: ManualClock) -> Iterator[World]:
    """A node as it serves: its lease on the policies renewed in the background."""
    with lived(make_world(url, folder, seed=seed, clock=clock)) as world:
        ticker = Ticker("policy-lease", RENEW_SECONDS, world.rooms.policy.renew)
        ticker.start()
        try:
            yield world
        finally:
            ticker.stop()


@pytest.fixture
def nodes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, World, Cable]]:
    """Two nodes over one database, the second by a cable."""
    url = copied(request, tmp_path / "exchange", "postgresql")
    clock = RunningClock(NOW)
    with ExitStack() as stack:
        cable = stack.enter_context(Cable(url))
        near = stack.enter_context(node(url, tmp_path / "exchange", 31, clock))
        far = stack.enter_context(node(cable.url, tmp_path / "exchange", 32, clock))
        yield near, far, cable


class Caller:
    """Asks one node again and again, and notes when an answer carried data."""

    def __init__(self, world: World, case: str, item: dict[str, Any] = NAME) -> None:
        self._world, self._case, self._item = world, case, item
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.delivered: list[float] = []
        """When requests were *sent* that came back with data."""
        self.answers: list[tuple[int, str]] = []

    def __enter__(self) -> Caller:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            sent = time.monotonic()
            code, data = asked(self._world, self._case, self._item)
            self.answers.append((code, data))
            if data == "delivered":
                self.delivered.append(sent)


def asked(world: World, case: str, item: dict[str, Any]) -> tuple[int, str]:
    """Status of an answer, and what became of its one item or the code of the problem."""
    answer = world.ask(case, item)
    assert answer.status_code in {200, 503}, answer.text
    if answer.status_code == 503:
        assert answer.headers["Retry-After"]
        return 503, str(answer.json["code"])
    (item,) = answer.json["evidence"]
    return 200, str(item["problem"]["code"] if "problem" in item else item["status"])


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something to become true."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not become true"
        time.sleep(0.005)


def suspend(world: World, name: str) -> float:
    """A governance officer suspends a grant; when that was acknowledged."""
    answer = world.officer(
        "POST", f"/v1/grants/{name}/suspend", {"reason": "查"}, sub="s", roles=["governance-officer"]
    )
    assert answer.status_code == 200, answer.text
    return time.monotonic()


def requested(world: World) -> str:
    """From a department's request to a grant in force, by everybody whose turn it is; the grant's name."""
    wanted = {"evidence_type": "identity-card", "fields": ["born"], "service_items": [ITEM], "legal_basis": BASIS}
    body = {"grant": wanted | {"valid_from": "2026-11-01", "valid_to": "2027-11-01"}, "purpose": "核对年龄"}
    consumer, provider = ("chen", ["consumer-officer"], MARKET), ("pan", ["provider-officer"], POLICE)
    governor = ("wei", ["governance-officer"], URBAN)
    made = officer(world, consumer, "/v1/access-requests", body, 201)
    steps = (consumer, "submit"), (governor, "accept"), (provider, "approve")
    for who, command in steps:
        made = officer(world, who, f"/v1/access-requests/{made['id']}/{command}", {})
    name = str(made["ref"]).partition("@")[0]
    world.approve(name)
    return name


def officer(world: World, who: tuple[str, list[str], str], path: str, body: object, status: int = 200) -> Any:
    """What an officer's command is answered with."""
    sub, roles, organisation = who
    answer = world.officer("POST", path, body, sub=sub, roles=roles, organisation=organisation)
    assert answer.status_code == status, answer.text
    return answer.json


def test_a_suspension_binds_every_node_within_a_second(nodes: tuple[World, World, Cable]) -> None:
    near, far, _cable = nodes
    case = near.open_case()
    with Caller(near, case) as here, Caller(far, case) as there:
        until(lambda: here.delivered and there.delivered)
        stopped = suspend(near, GRANT)
        until(lambda: {here.answers[-1], there.answers[-1]} == {(200, "policy.no-grant")})
    assert max(here.delivered + there.delivered) - stopped < LEASE_SECONDS


def test_from_a_request_to_a_suspension_while_one_node_is_cut_off(nodes: tuple[World, World, Cable]) -> None:
    near, far, cable = nodes
    name = requested(near)
    case = near.open_case()
    with Caller(far, case, BORN) as there:
        until(lambda: there.delivered)
        cable.cut()
        cut = time.monotonic()
        suspend(near, name)
        until(lambda: time.monotonic() - cut > 2 * LEASE_SECONDS)
        assert far.client.get("/readyz").status_code == 503
        assert there.answers[-1][0] == 503
        delivered = len(there.delivered)
        cable.mend()
        until(lambda: there.answers[-1] == (200, "policy.field-not-granted"))
    assert there.delivered[-1] - cut < LEASE_SECONDS
    assert len(there.delivered) == delivered  # what was suspended meanwhile is not released when the node is back
    assert asked(far, case, NAME) == (200, "delivered")
    assert len(near.events("EvidenceReleased")) == len(far.events("EvidenceReleased"))
