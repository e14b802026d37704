"""Every case is done right by both sides: one request each with all its checks, no load."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.beside_sources import filled
from tests.benchmarks.cases import CASES, GOVERNED, IDENTITY
from tests.benchmarks.exchange import TongbanExchange
from tests.benchmarks.identity import TongbanIdentity
from tests.benchmarks.peers.naive.peer import NaiveExchange
from tests.benchmarks.processes import Processes
from tests.benchmarks.stages import STAGES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_sides_know_every_case_of_their_stage(case) -> None:
    stage = STAGES[case.stage]
    assert case.key in stage.subject().works()
    assert case.key in stage.peer().works()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path / "logs") as processes:
        yield processes


def test_our_provider_passes_its_checks(running: Processes, tmp_path: Path) -> None:
    ours = TongbanIdentity()
    ours.start(running, tmp_path)
    works = ours.works()
    for case in (case for case in CASES if case.stage == IDENTITY):
        works[case.name].check()
    counted = works["client-credentials"].recorded
    assert counted is not None
    assert counted() >= 2  # tokens are entries; so are the department and the client


def exchange(folder: Path) -> TongbanExchange:
    """With a few grants: a hundred take their officers half a minute, and what is checked of a call is the same."""
    return TongbanExchange(grants=3, rows=filled(folder / "register.sqlite3", people=3))


@pytest.mark.parametrize("contender", [exchange, lambda _folder: NaiveExchange()], ids=["tongban", "naive"])
def test_both_governed_calls_pass_their_checks(contender, running: Processes, tmp_path: Path) -> None:
    side = contender(tmp_path)
    side.start(running, tmp_path)
    for case in (case for case in CASES if case.stage == GOVERNED):
        work = side.works()[case.name]
        assert work.recorded is not None
        before = work.recorded()
        work.check()
        assert work.recorded() > before


def test_proofs_are_never_the_same_twice() -> None:
    from tests.benchmarks.binding import ProofHolder

    made = ProofHolder().proofs(50, method="POST", url="http://127.0.0.1/x", access_token="t")
    assert len(set(made)) == 50
