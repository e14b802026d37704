"""The command line."""

import itertools
import random

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks import beside_sources, hanging, micro
from tests.benchmarks.beside_sources import Taken
from tests.benchmarks.hanging import AGAIN, HANG, QUIET, Phase
from tests.benchmarks.micro import Operation


def test_quick_is_two_short_rounds_and_marked() -> None:
    plan = command.planned(command.arguments(["--quick"]))
    assert (plan.rounds, plan.seconds, plan.quick) == (2, 1.0, True)


def test_by_default_at_least_five_rounds() -> None:
    plan = command.planned(command.arguments([]))
    assert plan.rounds >= 5
    assert not plan.quick
    assert command.planned(command.arguments(["--rounds", "7", "--connections", "64"])).connections == 64


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_chosen: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "terminate_as_interrupt", lambda: None)
    monkeypatch.setattr(command, "run", interrupted)
    assert command.main(["--quick"]) == 130
    assert "nothing is left running" in capsys.readouterr().err


def test_an_operation_that_does_nothing_is_not_timed() -> None:
    with pytest.raises(AssertionError, match="sample"):
        micro.timed(Operation("sample", lambda: False), 0.01)


def test_the_price_is_that_of_one_unit() -> None:
    found = micro.timed(Operation("sample", lambda: sum(range(20_000)) > 0, units=100), 0.02)
    whole = micro.timed(Operation("sample", lambda: sum(range(20_000)) > 0), 0.02)
    assert found["wall_us"] * 10 < whole["wall_us"]


def test_calls_timed_one_by_one_tell_the_slowest_too() -> None:
    found = micro._measured(Operation("sample", lambda: sum(range(2_000)) > 0, apart=400), quick=True)
    at = found["cpu_us_at"]
    assert found["calls"] == 20
    assert 0 < at["p50"] <= at["p95"] <= at["p99"] <= at["p999"]
    with pytest.raises(AssertionError):
        micro._measured(Operation("wrong", lambda: False, apart=400), quick=True)


def test_what_one_of_several_different_calls_takes_is_told_apart_from_what_interrupted_it() -> None:
    coming = itertools.cycle([20, 20, 20, 20_000])
    found = micro._measured(Operation("sample", lambda: sum(range(next(coming))) > 0, apart=400, in_turn=4), quick=True)
    each = found["cpu_us_of_each"]
    assert found["different"] == 4
    assert each["p50"] * 10 < each["p99"] <= found["cpu_us_at"]["p999"]


def test_how_much_dearer_governed_is_is_told_within_each_round() -> None:
    plain, governed = Taken(1.0, 2.0, 10.0), Taken(10.0, 10.0, 100.0)
    slow = {"plain": Taken(4.0, 4.0, 20.0), "governed": Taken(8.0, 8.0, 100.0)}
    quick = {"plain": plain, "governed": governed}
    rounds = [
        {f"{source}, {way}": one[way] for source in ("service", "database") for way in one} for one in (quick, slow)
    ]
    told = beside_sources.summary(rounds)
    assert told["ratios"]["service"]["p50"] == [2.0, 6.0, 10.0]
    assert told["ratios"]["database"]["cpu"] == [5.0, 7.5, 10.0]
    assert told["sides"]["service, plain"]["p99"] == 3.0


def test_a_goal_is_decided_by_the_whole_interval_of_the_rounds() -> None:
    def phase(wall: float) -> Phase:
        return Phase(wall=wall, p95=wall, cpu=wall, switches=1.0, others=0.0)

    def told(*times: float, again: float = 100.0) -> str:
        quiet = {QUIET: phase(100.0), AGAIN: phase(again)}
        verdict: str = hanging.summary([{**quiet, HANG: phase(time)} for time in times], random.Random(1))["verdict"]
        return verdict

    assert told(*[104.0] * 20) == "reached"
    assert told(*[107.0] * 20) == "missed"
    assert told(*[90.0, 120.0] * 10) == "undecided"  # half of the rounds on either side of the goal
    assert told(*[104.0] * 20, again=112.0) == "undecided"  # the machine differs from itself by more than the goal
    within = {QUIET: phase(50.0), AGAIN: phase(150.0), HANG: phase(110.0)}
    assert hanging.beside(within, "wall") == pytest.approx(1.1)
