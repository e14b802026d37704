"""Past decisions made again, and a proposal held against what was really asked."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from exchange.governance.simulation import replay as replaying
from exchange.governance.simulation.impact import simulate
from exchange.governance.simulation.replay import Replayed, replay
from exchange.store import catalogue
from exchange.store.decisions import Period
from exchange.store.tables import decision
from policies import recorded
from policies.grants.impact import report_digest
from tests.doubles.exchange import MARKET, NAME, OWNER, STAFF, WORKER, World, grant

OFFICER: dict[str, Any] = {"sub": "author", "roles": ["governance-officer"]}
BORN = {"type": "identity-card", "fields": ["born"]}


def replayed(world: World, period: Period | None = None, processes: int = 1) -> Replayed:
    outside = world.outside
    return replay(outside.database, outside.settings.database_url, period or Period(), processes)


def lived_through(world: World) -> None:
    """Permits and refusals under three epochs: as prepared, with the grant suspended, with the catalogue changed."""
    case = world.open_case()
    world.ask(case, NAME, BORN)
    world.officer("POST", "/v1/grants/G-IDENTITY/suspend", {"reason": "review"}, **OFFICER)
    world.rooms.policy.renew()
    world.ask(case, NAME)
    world.apply(*_renamed(world))
    world.rooms.policy.renew()
    world.ask(case, NAME, STAFF)


def _renamed(world: World) -> list[dict[str, Any]]:
    with world.outside.database.read() as connection:
        documents = catalogue.read_all(connection)
    kind = dict(documents["EvidenceType", "identity-card"])
    kind["spec"] = {**kind["spec"], "classification": 3}
    return [kind]


def test_every_decision_comes_out_again_under_the_rules_of_its_own_epoch(world: World) -> None:
    lived_through(world)
    found = replayed(world)
    assert (found.decisions, found.agreeing, found.disagreeing, found.other_rules) == (5, 5, 0, 0)


def test_a_verdict_that_was_changed_afterwards_is_named(small_world: World) -> None:
    lived_through(small_world)
    with small_world.outside.database.engine.begin() as connection:
        first = connection.execute(sa.select(decision).order_by(decision.c.entry).limit(1)).one()
        changed = sa.update(decision).where(decision.c.entry == first.entry)
        connection.execute(changed.values(verdict=first.verdict.replace("@1", "@2")))
    found = replayed(small_world)
    assert found.differing == (f"{first.request_id}/{first.item}",)
    assert found.disagreeing == 1


def test_decisions_of_another_schema_are_counted_and_not_compared(small_world: World) -> None:
    lived_through(small_world)
    with small_world.outside.database.engine.begin() as connection:
        connection.execute(sa.update(decision).values(rules="another"))
    found = replayed(small_world)
    assert (found.decisions, found.agreeing, found.disagreeing, found.other_rules) == (5, 0, 0, 5)


def test_a_period_ends_before_its_end(small_world: World) -> None:
    now = small_world.clock.now()
    small_world.ask(small_world.open_case(), NAME)
    assert replayed(small_world, Period(since=now)).decisions == 1
    assert replayed(small_world, Period(until=now)).decisions == 0
    assert replayed(small_world).decisions == 1


def test_several_processes_find_what_one_finds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lived_through(world)
    monkeypatch.setattr(replaying, "SMALL", 0)
    assert replayed(world, processes=2) == replayed(world)


def test_nothing_logged_is_nothing_to_differ(small_world: World) -> None:
    assert replayed(small_world) == Replayed()


# Impact ---------------------------------------------------------------------------------------------------------------


def impact(world: World, name: str, query: str = "") -> TestResponse:
    return world.officer("GET", f"/v1/grants/{name}/impact{query}", **OFFICER)


def test_a_draft_shows_what_it_would_newly_release_and_about_how_many(world: World) -> None:
    for person in (OWNER, WORKER, OWNER):
        world.ask(world.open_case(), BORN, person=person)
    world.ask(world.open_case(), NAME)
    world.apply(grant("G-NEW", fields=["born"], quota_per_day=500))
    told = impact(world, "G-NEW").json
    assert (told["considered"], told["newly_allowed"], told["newly_refused"]) == (4, 3, 0)
    assert told["fields"] == {"born": 3}
    assert told["departments"] == [{"organisation": MARKET, "newly_allowed": 3, "newly_refused": 0}]
    assert (told["people"], told["people_refused"]) == (2, 0)
    assert told["not_simulated"] == ["quota:G-NEW@1"]
    assert told["digest"] == report_digest({name: value for name, value in told.items() if name != "digest"})
    assert OWNER not in str(told)


def test_a_tighter_version_shows_what_it_would_newly_refuse(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME)
    small_world.apply(grant("G-IDENTITY", fields=["address"]))
    told = impact(small_world, "G-IDENTITY@2", "?days=30").json
    assert told["instead_of"] == ["G-IDENTITY@1"]
    assert (told["newly_allowed"], told["newly_refused"], told["people_refused"]) == (0, 1, 1)


def test_a_version_in_force_is_held_against_its_absence(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME)
    told = impact(small_world, "G-IDENTITY@1").json
    assert (told["instead_of"], told["newly_allowed"]) == ([], 1)


def test_a_grant_that_is_yet_to_begin_is_asked_on_its_first_whole_day(small_world: World) -> None:
    small_world.ask(small_world.open_case(), BORN)
    small_world.apply(grant("G-NEW", fields=["born"], valid_from="2026-12-10T10:00:00+08:00", valid_to="2027-12-01"))
    told = impact(small_world, "G-NEW").json
    assert (told["judged_on"], told["newly_allowed"]) == ("2026-12-11", 1)


def test_what_was_asked_longer_ago_is_not_looked_at(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME)
    small_world.clock.advance(32 * 24 * 3600)
    small_world.rooms.policy.renew()
    small_world.rooms.revocations.renew()
    assert impact(small_world, "G-IDENTITY@1", "?days=30").json["considered"] == 0
    assert impact(small_world, "G-IDENTITY@1", "?days=90").json["considered"] == 1


def test_of_too_many_the_newest_are_judged_and_the_report_says_so(small_world: World) -> None:
    for _ in range(3):
        small_world.ask(small_world.open_case(), NAME)
    snapshot = small_world.rooms.policy.current()
    (granted,) = (one for one in snapshot.image.members() if one.id == "G-IDENTITY")
    with small_world.outside.database.read() as connection:
        told = simulate(connection, snapshot, granted, small_world.clock.now(), 30, most=2).report
    assert (told["considered"], told["truncated"]) == (2, True)


@pytest.mark.parametrize("query", ["?days=31", "?days=", "?days=ninety"])
def test_a_period_that_is_not_offered_is_refused(small_world: World, query: str) -> None:
    answer = impact(small_world, "G-IDENTITY", query)
    assert (answer.status_code, answer.json["code"]) == (422, "usage.period-invalid")


def test_an_unknown_grant_has_no_impact(small_world: World) -> None:
    assert impact(small_world, "G-NOWHERE").status_code == 404


def test_another_way_of_explaining_is_another_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or last month's refusals would be told as disagreeing, though nothing was decided otherwise (ADR 0035)."""
    known = recorded.rules.__wrapped__()
    monkeypatch.setattr("policies.index.MOST_COMPARED", 10)
    assert recorded.rules.__wrapped__() != known
