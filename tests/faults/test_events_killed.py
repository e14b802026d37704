"""A process that reports, hands out and pushes is killed anywhere: nothing is lost, nothing overtakes, no gap."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.store import subscriptions
from tests.cases import sized
from tests.doubles.exchange import (
    MARKET,
    POLICE,
    World,
    copied,
    lived,
    make_world,
    prepared_postgresql,
    prepared_sqlite,
    system,
)
from tests.doubles.forked import Forked
from tests.doubles.webhook import Webhook
from tests.faults.events_under_load import HOUR, renewed
from tests.unit.exchange.test_events import delivered, pull, subscribe

__all__ = ["prepared_postgresql", "prepared_sqlite"]

ROUNDS, REPORTS = sized(1, 20), sized(12, 200)


def killed(database: str, folder: Path, number: int) -> list[int]:
    """Let it work, kill it with SIGKILL in the middle; the revisions it had acknowledged."""
    with Forked("tests.faults.events_under_load", database, str(folder), str(number)) as process:
        lines = list(itertools.islice((line for line in process.stdout if told(line)), REPORTS))
        process.kill()
        lines += [line for line in process.stdout if told(line)]
    return [int(line.split()[1]) for line in lines]


def told(line: str) -> bool:
    return line.startswith("revision ") and line.endswith("\n")


def everything(world: World, subscription: str) -> list[str]:
    """All events of a pull subscription, by their ids."""
    found, cursor, more = list[str](), 0, True
    while more:
        page = pull(world, subscription, f"&limit=200&after={cursor}")
        found += [each["id"] for each in page["events"]]
        cursor, more = page["cursor"], page["more"]
    return found


def test_sigkill_anywhere_loses_no_event_and_keeps_their_order(
    request: pytest.FixtureRequest, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    database = copied(request, tmp_path)
    with Webhook() as hook:
        with lived(make_world(database, tmp_path, seed=6999)) as before:
            before.apply(system("police-system", POLICE), system("market-website", MARKET, webhook=hook.url))
            renewed(before)
            pulled, pushed = subscribe(before), subscribe(before, delivery="push")
            delivered(before)
        acknowledged = [each for number in range(ROUNDS) for each in killed(database, tmp_path, number)]
        with lived(make_world(database, tmp_path, seed=9999)) as after:
            after.clock.advance(HOUR * (ROUNDS + 2))
            renewed(after)
            while after.rooms.distribution.round() or after.rooms.courier.round():
                after.rooms.courier.settle(30.0)
            recorded = [int(entry["item"]) for entry in after.events("CertificateChanged")]
            events = everything(after, pulled)
            with after.outside.database.read() as connection:
                queued = [each.id for each in subscriptions.queue(connection, pushed, 0, len(recorded) + 1)]
    record_property("cases", len(recorded))
    assert recorded == [*range(1, len(recorded) + 1)]
    assert {*acknowledged} <= {*recorded}
    assert len(acknowledged) >= ROUNDS * REPORTS
    assert len({*events}) == len(events) == len(recorded)
    arrived = [json.loads(body)["id"] for _headers, body in hook.seen]
    assert [*dict.fromkeys(arrived)] == queued  # each for the first time in its turn; repetitions come besides
    assert len(queued) == len(recorded)
