"""An exchange in a process of its own whose requests wait, are answered by several at once, and are told line by line.

Run by `Forked` with the words ``DATABASE_URL FOLDER ROUND``; it ends when it is killed.
"""

from __future__ import annotations

import itertools
import sys
import threading
from pathlib import Path
from typing import Any

from connectors.source import Outcome, Retrieved
from exchange.store import waiting
from kernel.identifiers.subject import SubjectRef
from kernel.problems import Problem
from tests.doubles.exchange import NOW, OWNER, STAFF, Holder, World, detail, make_world, request

CARD = {"type": "identity-card", "fields": ["name"]}
MODES = ("direct", "asynchronous", "preview")
RECORD = Retrieved(Outcome.FOUND, {"name": "陈示例"}, None, NOW)


def ask(world: World, case: str, number: int) -> Any:
    """A request of which an item waits: for a clerk, for its source, for a clerk and then its person."""
    items = [CARD, STAFF]
    token = world.issuer.token(world.holder, person=OWNER, authorization_details=detail(case, *items))
    body = request(case, *items, delivery=MODES[number % len(MODES)])
    return world.call("POST", "/v1/evidence-requests", token, body)


def answer_everything(world: World) -> None:
    """What clerks, the sources and the person say to everything that waits now. Others may be faster."""
    rooms = world.rooms
    rooms.deferred.work()
    with world.outside.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT request_id, item FROM waiting_item WHERE wait = 'person'").all()
        person = rooms.gateway.understanding.indexes.of(SubjectRef("citizen-number", OWNER))
        looks = waiting.previews(connection, person)
    for name, item in rows:
        _tried(lambda name=name, item=item: rooms.waiting.answered(name, item, RECORD))
    for row in looks:
        _tried(lambda row=row: _agree(world, row, person))


def _agree(world: World, row: waiting.WaitingItem, person: bytes) -> None:
    looking = world.rooms.previews.looking
    held = looking.one(person, row.request_id, row.item)
    looking.provide(held, looking.show(held).digest)


def _tried(act: Any) -> None:
    try:
        act()
    except Problem:
        return


def serve(world: World, case: str, numbers: itertools.count[int], out: threading.Lock) -> None:
    """Ask, and answer what waits, without end; a line follows each request that was taken."""
    while True:
        answer = ask(world, case, next(numbers))
        if answer.status_code != 202:
            continue
        with out:
            sys.stdout.write(f"er {answer.json['id']}\n")
            sys.stdout.flush()
        answer_everything(world)


def main(database_url: str, folder: str, round_number: str) -> None:
    """Recover what an earlier process left, then serve."""
    number = int(round_number)
    Holder._numbers = itertools.count(number * 1_000_000)
    world = make_world(database_url, Path(folder), seed=6000 + number)
    world.clock.advance(61 * number)
    world.rooms.recovery.at_start()
    case = world.open_case()
    numbers, out = itertools.count(number * 1_000_000), threading.Lock()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threads = [threading.Thread(target=serve, args=(world, case, numbers, out)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
