"""A sample of what was decided is judged by cedarpy beside the traffic; where the engines disagree somebody is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from unittest import mock

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from exchange.governance.simulation import second_opinion
from exchange.governance.simulation.second_opinion import SecondOpinion, sample
from exchange.store.tables import decision
from kernel.ledger.errors import LedgerUnavailable
from kernel.ledger.log import Ledger
from policies.decision import Permit
from policies.reference import Judge
from tests.doubles.exchange import NAME, STAFF, World
from tests.unit.exchange.test_both_engines import denies
from tests.unit.exchange.test_replay import BORN, lived_through


@pytest.fixture
def sampling(world: World) -> Iterator[World]:
    """A node that has every decision judged."""
    node = world.another_node(settings=replace(world.outside.settings, second_opinion_one_in=1))
    node.rooms.second_opinion.round()
    yield node
    node.rooms.close()


def counted(world: World, result: str) -> float:
    return world.outside.metrics.registry.get_sample_value("tongban_second_opinions_total", {"result": result}) or 0


def test_what_was_logged_since_the_last_round_is_judged_under_the_rules_of_then(sampling: World) -> None:
    lived_through(sampling)
    opinion: SecondOpinion = sampling.rooms.second_opinion
    size = sampling.outside.ledger.size()
    assert (opinion.round(), opinion.round()) == (5, 0)
    assert (counted(sampling, "agrees"), counted(sampling, "differs")) == (5, 0)
    assert sampling.outside.ledger.size() == size


def test_a_disagreement_is_counted_and_an_entry_once(sampling: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sampling.ask(sampling.open_case(), NAME, BORN, STAFF)
    other = sampling.another_node()
    before = other.rooms.second_opinion
    monkeypatch.setattr(before, "_last", 0)
    monkeypatch.setattr(Judge, "judge", denies)
    with capture_logs() as logs:
        assert sampling.rooms.second_opinion.round() == 3
        assert before.round() >= 3  # another node finds the same
    told = sampling.events("EnginesDisagreed")
    released = sampling.events("EvidenceReleased")
    names = [entry["facts"]["decision"] for entry in released]
    assert [entry["facts"]["sampled"] for entry in told] == names  # refusals the judge refuses alike
    assert (counted(sampling, "agrees"), counted(sampling, "differs")) == (1, 2)
    assert {one["decision"] for one in logs if one["event"] == "decision engines disagree"} == set(names)
    other.rooms.close()


def test_what_was_decided_is_judged_and_not_what_would_be_decided_now(sampling: World) -> None:
    sampling.ask(sampling.open_case(), NAME)
    sampling.outside.database.write(
        lambda connection: connection.execute(
            sa.update(decision).values(verdict=sa.func.replace(decision.c.verdict, '"clear"', '"number"'))
        )
    )
    sampling.rooms.second_opinion.round()
    assert (counted(sampling, "agrees"), counted(sampling, "differs")) == (0, 1)


def test_what_does_not_fit_into_a_round_is_judged_in_the_next(sampling: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "MOST_AT_ONCE", 2)
    for _ in range(3):
        sampling.ask(sampling.open_case(), NAME)
    assert sum(sampling.rooms.second_opinion.round() for _ in range(20)) == 3


def test_a_round_that_fails_is_made_again(sampling: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sampling.ask(sampling.open_case(), NAME)
    monkeypatch.setattr(Judge, "judge", denies)
    append = Ledger.append
    monkeypatch.setattr(Ledger, "append", mock.Mock(side_effect=LedgerUnavailable("no room")))
    with pytest.raises(LedgerUnavailable):
        sampling.rooms.second_opinion.round()
    monkeypatch.setattr(Ledger, "append", append)
    sampling.rooms.second_opinion.round()
    assert len(sampling.events("EnginesDisagreed")) == 1


def test_a_judge_that_permits_what_was_refused_disagrees(sampling: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sampling.ask(sampling.open_case(), BORN)
    permit = Permit(grants=(), release={}, predicates=frozenset(), obligations=(), quotas=(), epoch=0)
    monkeypatch.setattr(Judge, "judge", lambda _judge, _request: permit)
    sampling.rooms.second_opinion.round()
    assert len(sampling.events("EnginesDisagreed")) == 1


def test_without_a_sample_nothing_is_judged(small_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small_world.rooms.second_opinion, "_one_in", 0)
    small_world.rooms.second_opinion.round()
    small_world.ask(small_world.open_case(), NAME)
    assert small_world.rooms.second_opinion.round() == 0


@pytest.mark.parametrize("one_in", [1, 2, 7, 1000])
def test_the_sample_is_one_of_each_so_many_however_the_log_is_read(one_in: int) -> None:
    whole = [*sample(-1, 3_000 * one_in - 1, one_in)]
    assert [entry // one_in for entry in whole] == [*range(3_000)]
    parts = [entry for start in range(-1, 2_900, 100) for entry in sample(start, start + 100, one_in)]
    assert parts == [entry for entry in whole if entry < 3_000]
    assert one_in < 7 or len({entry % one_in for entry in whole}) > one_in // 3
    assert [*sample(5, 5, one_in)] == [*sample(-1, -1, one_in)] == []
