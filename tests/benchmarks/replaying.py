"""``--replay``: a million logged decisions made again, log reading included; CPU and wall-clock seconds.

The log is made of 220 distinct askings under ten epochs, as departments' systems ask: the same again and again, for
somebody else, at another time. Each is decided once for each stretch of time, so a log of more kinds costs more. Every
decision must agree, or the figure is void.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from exchange.app import PACKAGE
from exchange.catalogue.grant_drafts import grant_of
from exchange.governance.simulation.replay import replay
from exchange.governance.simulation.rules import PastRules
from exchange.store import catalogue, decisions, epoch, grants
from exchange.store.decisions import LoggedDecision, Period
from kernel import migrations
from kernel.database import Database
from policies import recorded
from policies.grants.events import GrantState, Status
from policies.model import AccessRequest, Action, Consent, SystemPrincipal
from tests.doubles.exchange import BASIS, CATALOGUE, ITEM, MARKET, POLICE, grant

START = datetime(2026, 10, 1, tzinfo=UTC)
EPOCHS, GRANTS = 10, 500
FIELDS = ("name", "citizen_number", "born", "address", "until")
BATCH = 50_000


def run(quick: bool) -> dict[str, Any]:
    """Make the log, replay it on every core there is, and say what it cost. Raises AssertionError for a difference."""
    size = 40_000 if quick else 1_000_000
    processes = min(2, os.cpu_count() or 1)
    with tempfile.TemporaryDirectory(prefix="tongban-replay-") as folder:
        url = f"sqlite:///{Path(folder) / 'exchange.sqlite3'}"
        migrations.upgrade(url, PACKAGE)
        database = Database.open(url)
        _rules(database)
        _log(database, size)
        before, wall = _cpu(), time.perf_counter()
        found = replay(database, url, Period(), processes)
        cpu, wall = _cpu() - before, time.perf_counter() - wall
        database.close()
    if (found.decisions, found.disagreeing, found.other_rules) != (size, 0, 0):
        raise AssertionError(f"{found.disagreeing} of {found.decisions} decisions came out otherwise")
    told = {"decisions": size, "processes": processes, "cpu_s": cpu, "wall_s": wall, "us_each": cpu / size * 1e6}
    print(f"replay: {size:,} decisions, {processes} processes, {cpu:.1f} s CPU, {wall:.1f} s wall", flush=True)
    return told


def _cpu() -> float:
    each = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in each)


def _rules(database: Database) -> None:
    """A catalogue, and epochs in each of which one more grant is in force."""
    documents = [document for document in CATALOGUE if document["kind"] != "Connector"]
    with database.engine.begin() as connection:
        catalogue.replace(connection, documents, START)
        epoch.advance(connection, catalogue=True)
        grants.mark_force(connection, [_active(connection, number) for number in range(GRANTS)], _next(connection))
        for number in range(EPOCHS - 1):
            grants.mark_force(connection, [_active(connection, GRANTS + number)], _next(connection))


def _next(connection: Any) -> int:
    return epoch.advance(connection).policies


def _active(connection: Any, number: int) -> GrantState:
    fields = list(FIELDS[: number % len(FIELDS) + 1])
    item = ITEM if number < 2 else f"11500000DEM000057T{number:014d}"
    draft = grant(f"G-{number}", fields=fields, service_items=[item], masks={"name": "name"}, quota_per_day=500)
    state = GrantState(grant=grant_of(draft), status=Status.ACTIVE, authors=frozenset({"author"}), changed_at=START)
    grants.add(connection, state)
    return state


def _log(database: Database, size: int) -> None:
    with database.read() as connection:
        now = epoch.read(connection)
        rules = PastRules(connection)
        askings = list(_askings())
        told = {
            (number, at): _logged(rules, now, at, asking)
            for at in range(now.policies - EPOCHS + 1, now.policies + 1)
            for number, asking in enumerate(askings)
        }
    rows: list[LoggedDecision] = []
    for entry in range(size):
        at = now.policies - EPOCHS + 1 + entry * EPOCHS // size
        rows.append(_row(entry, told[entry * 7919 % len(askings), at], at, now.catalogue))
        if len(rows) == BATCH or entry == size - 1:
            with database.engine.begin() as connection:
                decisions.add(connection, rows)
            rows = []


def _askings() -> Iterator[AccessRequest]:
    consent = Consent(
        service_item=ITEM,
        consumer=MARKET,
        evidence_type="identity-card",
        fields=frozenset(FIELDS),
        predicates=frozenset({"exists"}),
        not_before=START,
        not_after=START + timedelta(minutes=5),
        revoked=False,
    )
    subsets = [frozenset(names[:size]) for names in (FIELDS, FIELDS[::-1], FIELDS[1:]) for size in range(1, 5)]
    for fields, loa, relation, agreed in product(subsets, range(5), ("self", "spouse"), (None, consent)):
        yield AccessRequest(
            system=SystemPrincipal("market-website", MARKET, "active"),
            action=Action.OBTAIN,
            evidence_type="identity-card",
            provider=POLICE,
            fields=fields,
            predicates=frozenset(),
            service_item=ITEM,
            legal_basis=BASIS,
            now=START,
            relation=relation,
            loa=loa,
            present=loa > 0,
            consent=agreed,
        )


def _logged(rules: PastRules, now: epoch.Epoch, at: int, asking: AccessRequest) -> tuple[str, str, bool]:
    said = rules.image(at, now.catalogue).decide(asking)
    return recorded.asked(asking), recorded.verdict(said), asking.consent is not None


def _row(entry: int, told: tuple[str, str, bool], at: int, version: int) -> LoggedDecision:
    asked, verdict, agreed = told
    moment = START + timedelta(seconds=entry % 5_000_000)
    return LoggedDecision(
        entry=entry,
        request_id=f"er_{entry:026d}",
        item=0,
        at=moment,
        epoch=at,
        catalogue=version,
        rules=recorded.rules(),
        subject=entry.to_bytes(32, "big"),
        evidence_type="identity-card",
        asked=asked,
        consent_from=moment if agreed else None,
        consent_until=moment + timedelta(minutes=5) if agreed else None,
        verdict=verdict,
        outcome="released",
    )
