"""Ratios, verdicts and void rounds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.benchmarks import load, runner
from tests.benchmarks.cases import Case
from tests.benchmarks.contender import CheckFailed, Contender, Work
from tests.benchmarks.load import Measured, Request
from tests.benchmarks.processes import Processes
from tests.benchmarks.runner import Plan, Result, Round, Runner, Spread

CASE = Case("sample", "identity", "work", "none", goal=1000)
GOOD = Measured(1000, 1.0, 1.0, 2.0, 0, 0, 0, 0, 0, 0, 0)


def made(per_core: float, void: str = "") -> Round:
    return Round(GOOD, GOOD.requests / per_core, 0, void)


def test_a_ratio_is_taken_within_each_round() -> None:
    result = Result(CASE, (made(200), made(100)), (made(100), made(25)))
    assert result.ratio() == Spread(2.0, 3.0, 4.0)  # not 300 / 125


def test_a_void_round_has_no_ratio_and_no_figure() -> None:
    result = Result(CASE, (made(200, "status 1"), made(100)), (made(100), made(50)))
    assert result.ratio() == Spread(2.0, 2.0, 2.0)
    assert result.per_core("subject") == Spread(100, 100, 100)


def test_without_a_good_round_there_is_nothing_to_report() -> None:
    result = Result(CASE, (made(200, "read 1"),), ())
    assert result.ratio() is None
    assert result.per_core("subject") is None


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(1000, 1200, "reached"), (900, 999, "missed"), (900, 1100, "undecided")]
)
def test_a_spread_that_straddles_the_goal_is_undecided(low: float, high: float, verdict: str) -> None:
    assert Spread(low, (low + high) / 2, high).verdict(1000) == verdict
    assert Spread(low, low, high).verdict(None) == ""


def test_a_round_with_errors_or_missing_records_is_void() -> None:
    wrong = Measured(10, 1.0, 1.0, 1.0, 3, 0, 0, 0, 0, 2, 0)
    assert runner.void(wrong, 10) == "status 3, wrong 2"
    assert runner.void(GOOD, 999) == "only 999 durable records of 1000 answers"
    assert runner.void(Measured(0, 1.0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0), 0) == "no request was completed"
    assert runner.void(GOOD, 1003) == ""


class Pretender(Contender):
    """Notes what is done with it."""

    def __init__(self, name: str, notes: list[str], check: bool = True) -> None:
        self.name, self.notes, self.right = name, notes, check

    def start(self, processes: Processes, folder: Path) -> None:
        raise NotImplementedError

    def programs(self) -> Sequence[str]:
        return []

    def works(self) -> Mapping[str, Work]:
        return {"sample": Work(self.check, lambda: Request(1, "GET", f"/{self.name}"), self.once)}

    def check(self) -> None:
        self.notes.append(f"check {self.name}")
        if not self.right:
            raise CheckFailed("wrong")

    def once(self, request: Request, count: int) -> Sequence[str]:
        return [f"{request.path}-{len(self.notes)}-{number}" for number in range(count)]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, frozenset[str]]]:
    """What load was made: path and single-use values, instead of any load."""
    seen: list[tuple[str, frozenset[str]]] = []

    def run(request: Request, *, seconds: float, connections: int, once: Sequence[str] = ()) -> Measured:
        seen.append((request.path, frozenset(once)))
        return GOOD

    monkeypatch.setattr(load, "run", run)
    return seen


def test_sides_are_checked_before_anything_is_timed_and_then_alternate(
    loaded: list[tuple[str, frozenset[str]]], tmp_path: Path
) -> None:
    notes: list[str] = []
    ours, theirs = Pretender("a", notes), Pretender("b", notes)
    result = Runner(Processes(tmp_path), Plan(rounds=2, seconds=1), lambda _line: None).run(CASE, ours, theirs)
    assert notes == ["check a", "check b"]
    assert [path for path, _ in loaded] == ["/a", "/a", "/b", "/b"] * 2  # each a warm-up and a round
    assert (len(result.subject), len(result.peer)) == (2, 2)
    assert all(len(once) > GOOD.requests for _, once in loaded)


def test_a_wrong_answer_is_never_timed(loaded: list[tuple[str, frozenset[str]]], tmp_path: Path) -> None:
    wrong = Pretender("a", [], check=False)
    with pytest.raises(CheckFailed):
        Runner(Processes(tmp_path), Plan(rounds=1), lambda _line: None).run(CASE, wrong, None)
    assert loaded == []


def test_without_a_peer_our_own_figure_remains(loaded: list[tuple[str, frozenset[str]]], tmp_path: Path) -> None:
    running = Runner(Processes(tmp_path), Plan(rounds=1), lambda _line: None)
    result = running.run(CASE, Pretender("a", []), None, "not installed")
    assert (len(result.subject), result.peer, result.reason) == (1, (), "not installed")
